package io.hadal.server.admin;

/**
 * An endpoint that no permission guards: signing in and out, and what concerns oneself.
 *
 * @param signedIn whether a session or key is needed
 * @param status of its answer; other than 200 without a body
 */
record OpenEndpoint(
    String method,
    String path,
    boolean signedIn,
    int status,
    String summary,
    Endpoint.Handler handler) {}
