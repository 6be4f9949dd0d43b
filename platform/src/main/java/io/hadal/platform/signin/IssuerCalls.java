package io.hadal.platform.signin;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.Refusal;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.databind.JsonNode;

/** Calls to an identity provider: bounded in time and size, without redirects. */
final class IssuerCalls implements AutoCloseable {
  private static final long MOST_BYTES = 1 << 20;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final HttpClient http =
      HttpClient.newBuilder()
          .connectTimeout(PATIENCE)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();

  /** An answer. */
  record Answer(int status, byte[] body) {
    /**
     * The body as an object.
     *
     * @throws Refusal when it is none
     */
    JsonNode json() {
      try {
        JsonNode json = Json.parse(body, "answer");
        if (json.isObject()) {
          return json;
        }
      } catch (FormatException e) {
        // Said below: the answer of somebody else does not go to the client.
      }
      throw unavailable("answers with something else than JSON");
    }
  }

  /** A document that is there for everybody. */
  JsonNode get(URI uri) {
    Answer answer =
        send(HttpRequest.newBuilder(uri).header("accept", "application/json").GET().build());
    if (answer.status() != 200) {
      throw unavailable("answers with status " + answer.status());
    }
    return answer.json();
  }

  /**
   * Sends a request.
   *
   * @throws Refusal when there is no answer in time
   */
  Answer send(HttpRequest request) {
    CompletableFuture<HttpResponse<byte[]>> answer =
        http.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), MOST_BYTES));
    try {
      HttpResponse<byte[]> response = answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      return new Answer(response.statusCode(), response.body());
    } catch (TimeoutException e) {
      answer.cancel(true);
      throw unavailable("does not answer in time");
    } catch (ExecutionException e) {
      throw unavailable(
          e.getCause() instanceof IOException ? "cannot be reached" : "cannot be asked");
    } catch (InterruptedException e) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      throw unavailable("was not waited for");
    }
  }

  static Refusal unavailable(String problem) {
    return new Refusal(
        Refusal.Reason.UNAVAILABLE, "The identity provider " + problem + ".", 1000, null);
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
