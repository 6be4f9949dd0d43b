package io.hadal.platform.alert;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;

/** Posts alerts as JSON to an address. Redirects are not followed. */
final class WebhookChannel implements AlertChannel {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final URI address;
  private final HttpClient client =
      HttpClient.newBuilder()
          .connectTimeout(PATIENCE)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();

  WebhookChannel(URI address) {
    this.address = address;
  }

  @Override
  public String name() {
    return "webhook";
  }

  /** Its path often is a secret. */
  @Override
  public String target() {
    return String.valueOf(address.getHost());
  }

  @Override
  public List<String> recipients(AlertRule rule) {
    return List.of("");
  }

  @Override
  public void deliver(AlertDelivery delivery) throws DeliveryException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(address)
            .timeout(PATIENCE)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(delivery.payload()))
            .build();
    int status;
    try {
      status = client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    } catch (IOException e) {
      throw new DeliveryException("no answer: " + e.getClass().getSimpleName(), false);
    }
    if (status < 200 || status >= 300) {
      throw new DeliveryException("answered with status " + status, false);
    }
  }

  @Override
  public void close() {
    client.shutdownNow();
    client.close();
  }
}
