"""What a desk is led by beside its replies: channels and inboxes, targets, customers, the pile, weeks and months."""
