"""What the house reads of itself: figures, charts and files of them. Beside the actions; it changes nothing."""
