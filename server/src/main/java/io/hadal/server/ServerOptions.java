package io.hadal.server;

import io.hadal.server.http.ListenerOptions;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How to serve.
 *
 * @param keys keys that requests must show; null to serve everybody
 * @param accessLog receives a line a request; it never holds bodies or keys
 * @param version version of the server, for clients that ask
 */
public record ServerOptions(
    ListenerOptions listener,
    @Nullable KeyRing keys,
    ServerLimits limits,
    Consumer<String> accessLog,
    String version) {}
