"""The report's numbers, read off the warehouse: `facts` is all of them, each sibling one part of the page."""
