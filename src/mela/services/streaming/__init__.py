"""Streaming: who watches which match, right now.

Owns sessions of watching, and the list of matches with the moments that people wait for. Does not own video (a CDN sends
it), people (watching needs no account: whoever has a session's id is its viewer) or replicas. Emits and reads no events.

How many watch is a question to the database, not a counter: the sessions of a match whose last sign of life is younger than
`silent_s`. So the count is exact with any number of pods, after a restart, after a pod that died, and nothing has to be
added up or repaired. A sign of life that was answered is on disk first; those that come within `gather_ms` share one statement.

One database does not take a crowd's signs, so sessions may lie in several, by their id (`rules.shard`); a match's count is the
sum over them. Of one that is away, what was counted last is told, with its time; its viewers' signs are refused meanwhile.

Under pressure this service refuses the home page first, then new sessions; whoever watches goes on watching.

कितने लोग देख रहे हैं, यह गिनती नहीं बल्कि डेटाबेस से पूछा गया सवाल है; इसलिए वह हर पॉड पर एक-सा और सही है।
"""
