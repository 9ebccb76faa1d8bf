"""The catalogue's decisions, pure: tax of a price, stock as it is told, search, cursors."""
