"""The server: the page, the API and the embeds of one assistant, closed until a setting opens it.

A request passes through these, in order, and any of them may refuse it:

    protocol      a client that dawdles over its headers is cut off
    request_log   a request id, one line in the log, the headers that every answer carries
    origins       the host, the path and the origin
    cors          what an origin on the list may read
    auth          who asks, under --auth, and how often
    bodies        how large a body may be, and how slowly it may come
    app           the routes: api, embed, health; then the page

Nothing here is imported but by `quoth serve` and `quoth token`.
"""
