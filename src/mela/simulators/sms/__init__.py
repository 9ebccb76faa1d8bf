"""A simulated SMS provider and the phones behind it: what is sent lies in an inbox that anybody may read.

It stands for the phones of a rehearsal, so there is no sign-in: whoever reads the inbox can sign in as its phone. Not for
a deployment that real people use. Keeps a bounded number of messages for a bounded time.

हिन्दी: यह असली SMS नहीं भेजता; संदेश यहीं के इनबॉक्स में पढ़ा जाता है।
"""
