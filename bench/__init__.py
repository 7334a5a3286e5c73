"""The benchmarks: ratios taken side by side in one run."""
