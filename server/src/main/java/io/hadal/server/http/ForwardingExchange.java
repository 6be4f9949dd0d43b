package io.hadal.server.http;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Set;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** An exchange that hands everything to another one, for those who listen to a part of it. */
public class ForwardingExchange implements Exchange {
  private final Exchange exchange;

  protected ForwardingExchange(Exchange exchange) {
    this.exchange = exchange;
  }

  @Override
  public String method() {
    return exchange.method();
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
    return exchange.query(name);
  }

  @Override
  public @Nullable String header(String name) {
    return exchange.header(name);
  }

  @Override
  public Set<String> headerNames() {
    return exchange.headerNames();
  }

  @Override
  public String peer() {
    return exchange.peer();
  }

  @Override
  public byte @Nullable [] body(long limit) throws IOException {
    return exchange.body(limit);
  }

  @Override
  public byte @Nullable [] body(long limit, LongConsumer grows) throws IOException {
    return exchange.body(limit, grows);
  }

  @Override
  public void bodyTaken() {
    exchange.bodyTaken();
  }

  @Override
  public void setHeader(String name, String value) {
    exchange.setHeader(name, value);
  }

  @Override
  public void send(int status, String contentType, byte[] body) {
    exchange.send(status, contentType, body);
  }

  @Override
  public OutputStream stream(int status, String contentType) {
    return exchange.stream(status, contentType);
  }

  @Override
  public boolean answered() {
    return exchange.answered();
  }

  @Override
  public int status() {
    return exchange.status();
  }

  @Override
  public void watch() {
    exchange.watch();
  }

  @Override
  public boolean connected() {
    return exchange.connected();
  }
}
