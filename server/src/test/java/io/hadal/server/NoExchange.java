package io.hadal.server;

import io.hadal.server.http.Exchange;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** For handlers that do not look at it. */
public class NoExchange implements Exchange {
  @Override
  public String method() {
    return "GET";
  }

  @Override
  public String target() {
    return path();
  }

  @Override
  public String path() {
    return "/";
  }

  @Override
  public @Nullable String query(String name) {
    return null;
  }

  @Override
  public @Nullable String header(String name) {
    return null;
  }

  @Override
  public String peer() {
    return "127.0.0.1";
  }

  @Override
  public byte[] body(long limit) {
    return new byte[0];
  }

  @Override
  public void setHeader(String name, String value) {
    throw new AssertionError(name);
  }

  @Override
  public void send(int status, String contentType, byte[] body) {
    throw new AssertionError(status);
  }

  @Override
  public OutputStream stream(int status, String contentType) {
    throw new AssertionError(status);
  }

  @Override
  public boolean answered() {
    return false;
  }

  @Override
  public void watch() {}

  @Override
  public boolean connected() {
    return true;
  }
}
