"""What every part stands on and nothing of which knows the business: money, time, ids, languages, settings and errors,
and, above them, database, events, calls and HTTP. The kernel imports nothing else of Mela."""
