// For sites with a frame of ours: <script src="https://book.example.com/embed.js" async></script>
(() => {
  const home = new URL(document.currentScript.src).origin;
  addEventListener("message", (event) => {
    const told = event.data?.frontdesk;
    if (event.origin !== home || !(told?.height > 0)) return;
    for (const frame of document.querySelectorAll("iframe")) {
      if (frame.contentWindow !== event.source) continue;
      frame.style.height = `${Math.min(told.height, 20000)}px`;
      // A new page begins at its top.
      if (told.moved && frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
    }
  });
})();
