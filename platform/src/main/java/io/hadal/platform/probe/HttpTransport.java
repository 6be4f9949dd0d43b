package io.hadal.platform.probe;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Asks a server over HTTP. What it answers is bounded. */
public final class HttpTransport implements ProbeTransport {
  private static final int MOST_BYTES = 16 << 20;

  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  private final ProbeTarget target;

  public HttpTransport(ProbeTarget target) {
    this.target = target;
  }

  @Override
  public String name() {
    return target.url();
  }

  @Override
  public String model() {
    return target.model();
  }

  @Override
  public Answer send(String path, byte @Nullable [] body) throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(target.uri(path)).timeout(target.timeout());
    if (target.key() != null) {
      request.header("authorization", "Bearer " + target.key());
    }
    if (body == null) {
      request.GET();
    } else {
      request
          .header("content-type", "application/json")
          .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    }
    HttpResponse<InputStream> response =
        http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream in = response.body()) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        throw new IOException("an answer of more than " + MOST_BYTES + " bytes");
      }
      return new Answer(response.statusCode(), bytes);
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
