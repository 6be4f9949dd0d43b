package io.hadal.server.http;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where and how to listen.
 *
 * @param port 0 for any free one
 * @param maxConnections most open connections
 * @param certificate PEM certificate chain, null for plain HTTP
 * @param privateKey PEM private key (PKCS#8) of the certificate
 * @param http what speaks HTTP
 * @param proxies who is believed to say who calls
 */
public record ListenerOptions(
    String host,
    int port,
    int maxConnections,
    @Nullable Path certificate,
    @Nullable Path privateKey,
    HttpServerKind http,
    TrustedProxies proxies) {

  public ListenerOptions {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("port must be 0..65535, not " + port);
    }
    if (http == HttpServerKind.JDK && certificate != null) {
      throw new IllegalArgumentException(
          "TLS needs listen.http: helidon; the HTTP server of the JDK serves plain HTTP here");
    }
    if (http == HttpServerKind.JDK && proxies.protocol()) {
      throw new IllegalArgumentException("listen.proxy_protocol needs listen.http: helidon");
    }
    if ((certificate == null) != (privateKey == null)) {
      throw new IllegalArgumentException("TLS needs both a certificate and a private key");
    }
  }

  /** Past no proxy that is believed. */
  public ListenerOptions(
      String host,
      int port,
      int maxConnections,
      @Nullable Path certificate,
      @Nullable Path privateKey,
      HttpServerKind http) {
    this(host, port, maxConnections, certificate, privateKey, http, TrustedProxies.NONE);
  }

  /** With Helidon. */
  public ListenerOptions(
      String host,
      int port,
      int maxConnections,
      @Nullable Path certificate,
      @Nullable Path privateKey) {
    this(host, port, maxConnections, certificate, privateKey, HttpServerKind.HELIDON);
  }

  /**
   * Sees whether one could listen, so that nothing else is begun in vain.
   *
   * @throws FormatException when the address is no address of this machine or taken
   */
  public void requireFree() {
    InetSocketAddress address = new InetSocketAddress(host, port);
    if (address.isUnresolved()) {
      throw new FormatException(host, "is no address of this machine; choose another --host");
    }
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(address);
    } catch (IOException e) {
      throw new FormatException(
          host + ":" + port,
          "cannot listen here: " + e.getMessage() + "; choose another --host or --port",
          e);
    }
  }
}
