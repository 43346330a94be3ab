"""Windows that ask: new document, export, samples, unsaved work, shortcuts."""
