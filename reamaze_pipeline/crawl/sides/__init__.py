"""Which rows are from staff: by their flag, by the filtered lists, or by looking a row up there."""
