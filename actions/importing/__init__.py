"""Files that come in: judged by their content, read row by row, checked, and written by the worker, each row once."""
