"""From a trace to a verdict: which promises were broken, when and why, and the smallest change that would have kept them.

    around = Around(system)
    verdict = judge(trace, around)
    mended = search(around, play, verdict)  # reruns the rehearsal with one field changed, then another
    patch.unified(mended.changes)           # the same change in the files, comments and layout kept

What a person reads is made by `rehearsal.report`; here are facts.

क्या टूटा, कब, क्यों, और किस फ़ाइल की कौन-सी पंक्ति बदलें।
"""
