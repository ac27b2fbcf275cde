"""Taking dodont up in a project: what ``dodont init`` writes into other tools' files, and what ``dodont doctor`` looks at."""
