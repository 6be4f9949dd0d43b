package io.hadal.server.admin;

import io.hadal.server.http.Exchange;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** A request whose answer is somebody else's. */
final class SilentExchange implements Exchange {
  private final Exchange exchange;

  SilentExchange(Exchange exchange) {
    this.exchange = exchange;
  }

  @Override
  public String method() {
    return "GET";
  }

  @Override
  public String path() {
    return exchange.path();
  }

  @Override
  public String target() {
    return exchange.target();
  }

  @Override
  public @Nullable String query(String name) {
    return null;
  }

  @Override
  public @Nullable String header(String name) {
    return exchange.header(name);
  }

  @Override
  public String peer() {
    return exchange.peer();
  }

  @Override
  public byte @Nullable [] body(long limit) {
    return new byte[0];
  }

  @Override
  public void setHeader(String name, String value) {
    // Belongs to an answer that is not sent.
  }

  @Override
  public void send(int status, String contentType, byte[] body) {
    throw new IllegalStateException("this answer is somebody else's");
  }

  @Override
  public OutputStream stream(int status, String contentType) {
    throw new IllegalStateException("this answer is somebody else's");
  }

  @Override
  public boolean answered() {
    return false;
  }

  @Override
  public void watch() {
    // Nobody waits.
  }

  @Override
  public boolean connected() {
    return exchange.connected();
  }
}
