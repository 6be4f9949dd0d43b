package io.hadal.server.routing.client;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/** Where connections of an upstream go: to it, or to the proxy that the JVM was told of. */
record Origin(boolean tls, String host, int port, @Nullable String proxyHost, int proxyPort) {
  /** The origin of an address. */
  static Origin of(URI url) {
    boolean tls = "https".equals(url.getScheme());
    String host = url.getHost();
    int port = url.getPort() >= 0 ? url.getPort() : tls ? 443 : 80;
    String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    ProxySelector selector = ProxySelector.getDefault();
    if (selector != null) {
      for (Proxy proxy : selector.select(url)) {
        if (proxy.type() == Proxy.Type.HTTP && proxy.address() instanceof InetSocketAddress at) {
          return new Origin(tls, bare, port, at.getHostString(), at.getPort());
        }
      }
    }
    return new Origin(tls, bare, port, null, 0);
  }

  boolean proxied() {
    return proxyHost != null;
  }

  /** Looked up anew for each connection: addresses of names change. */
  InetSocketAddress address() {
    return proxyHost == null
        ? new InetSocketAddress(host, port)
        : new InetSocketAddress(proxyHost, proxyPort);
  }
}
