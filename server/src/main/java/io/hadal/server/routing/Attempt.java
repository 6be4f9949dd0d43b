package io.hadal.server.routing;

import io.hadal.chat.Problem;
import io.hadal.formats.FormatException;
import io.hadal.server.http.Exchange;
import io.hadal.server.http.HttpProblem;
import io.hadal.server.routing.client.OutgoingRequest;
import io.hadal.server.routing.client.UpstreamAnswer;
import io.hadal.server.routing.client.UpstreamCall;
import io.hadal.server.routing.usage.SseReader;
import io.hadal.server.routing.usage.UsageReader;
import io.hadal.server.wire.Call;
import io.hadal.server.wire.ClientGoneException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One attempt at a request. Until the first content has come, the client sees nothing of it, so
 * that another attempt can follow; from then on it is this one or an error.
 */
final class Attempt {
  private static final int MOST_EVENT = 32 << 20;
  private static final int MOST_WHOLE = 256 << 20;
  private static final int MOST_ERROR = 1 << 20;

  /** A little more than a connection brings at once. */
  private static final int PIECE = 16 << 10;

  /** What was held back goes out after this time, so that the client sees that the stream lives. */
  private static final long MOST_HELD_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** Time for the last bytes of a stream whose end is known, so that its connection can be kept. */
  private static final long TAIL_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final RoutedRequest request;
  private final Candidate candidate;
  private final UpstreamRequest upstream;
  private final Settlement settlement;
  private final UsageReader usage;
  private final Watchdog watchdog;
  private final Duration slowReader;
  private final long started = System.nanoTime();

  Attempt(
      RoutedRequest request,
      Candidate candidate,
      UpstreamRequest upstream,
      Settlement settlement,
      UsageReader usage,
      Watchdog watchdog,
      Duration slowReader) {
    this.request = request;
    this.candidate = candidate;
    this.upstream = upstream;
    this.settlement = settlement;
    this.usage = usage;
    this.watchdog = watchdog;
    this.slowReader = slowReader;
  }

  private Call call() {
    return request.call();
  }

  private Exchange client() {
    return request.call().exchange();
  }

  /**
   * Tries.
   *
   * @return null when the client has its answer, or the error of one that broke off
   * @throws ClientGoneException when the client has gone away
   */
  @Nullable Failure run(OutgoingRequest http) throws IOException {
    call().upstream(candidate.name(), candidate.label());
    boolean stream = request.view().stream();
    Duration patience =
        stream
            ? candidate.backend().config().timeouts().firstToken()
            : candidate.backend().config().timeouts().whole();
    long deadline = started + patience.toNanos();
    try (UpstreamCall asked = candidate.backend().http().call(http)) {
      RelayWatch watch = new RelayWatch(client(), asked, slowReader);
      watch.expect(deadline);
      watchdog.add(watch);
      try {
        UpstreamAnswer response = send(asked, watch);
        if (response == null) {
          return failed(Failure.of(watch.late() ? Failure.Kind.TIMEOUT : Failure.Kind.UNREACHABLE));
        }
        settlement.upstreamId(upstreamId(response));
        return answer(response, watch, stream, deadline);
      } finally {
        watchdog.remove(watch);
        // The watchdog may have interrupted this thread.
        Thread.interrupted();
      }
    } catch (ClientGoneException e) {
      settlement.left();
      throw e;
    } finally {
      settlement.error();
    }
  }

  private static @Nullable String upstreamId(UpstreamAnswer response) {
    String id = response.header("x-request-id");
    return id == null ? response.header("request-id") : id;
  }

  /** Waits for the headers of the answer; null when they do not come. */
  private static @Nullable UpstreamAnswer send(UpstreamCall asked, RelayWatch watch)
      throws ClientGoneException {
    try {
      return asked.send();
    } catch (IOException e) {
      if (watch.gone()) {
        throw new ClientGoneException();
      }
      return null;
    }
  }

  private Failure failed(Failure failure) {
    settlement.failed(failure);
    return failure;
  }

  private @Nullable Failure answer(
      UpstreamAnswer response, RelayWatch watch, boolean stream, long deadline)
      throws ClientGoneException {
    int status = response.status();
    InputStream in = response.body();
    try {
      if (status < 200 || status >= 300) {
        return failed(error(response, read(in, MOST_ERROR, watch, deadline)));
      }
      String given = response.header("content-type");
      String type = given == null ? "" : given;
      if (stream && type.startsWith("text/event-stream")) {
        return new StreamRelay(status, in, watch).run();
      }
      return whole(status, type, read(in, MOST_WHOLE, watch, deadline), watch);
    } catch (ClientGoneException e) {
      throw e;
    } catch (IOException e) {
      if (watch.gone()) {
        throw new ClientGoneException();
      }
      Failure.Kind kind = watch.late() ? Failure.Kind.TIMEOUT : Failure.Kind.BROKEN;
      return failed(Failure.of(kind));
    }
  }

  /** A body that has begun may not pause for longer than a stream, nor end too late. */
  private byte[] read(InputStream in, int most, RelayWatch watch, long deadline)
      throws IOException {
    long idle = candidate.backend().config().timeouts().idle().toNanos();
    ByteArrayOutputStream body = new ByteArrayOutputStream(PIECE);
    byte[] piece = new byte[PIECE];
    while (body.size() < most) {
      int n = in.read(piece, 0, Math.min(PIECE, most - body.size()));
      if (n < 0) {
        break;
      }
      body.write(piece, 0, n);
      long pause = System.nanoTime() + idle;
      watch.expect(pause - deadline < 0 ? pause : deadline);
    }
    return body.toByteArray();
  }

  private Failure error(UpstreamAnswer response, byte[] body) {
    Map<String, String> kept = new HashMap<>();
    for (String name : new String[] {"retry-after", "retry-after-ms", "x-should-retry"}) {
      String value = response.header(name);
      if (value != null && value.matches("[A-Za-z0-9 ,:.-]{1,64}")) {
        kept.put(name, value);
      }
    }
    String type = response.header("content-type");
    return new Failure(
        Failure.Kind.STATUS,
        response.status(),
        body,
        type == null ? "application/json" : type,
        kept,
        RetryAfter.millis(kept),
        upstream.spoken() != request.view().operation());
  }

  private @Nullable Failure whole(int status, String type, byte[] body, RelayWatch watch)
      throws IOException {
    if (watch.gone()) {
      throw new ClientGoneException();
    }
    usage.whole(body);
    if (watch.late() || usage.malformed() || usage.failed() || body.length == MOST_WHOLE) {
      return failed(Failure.of(watch.late() ? Failure.Kind.TIMEOUT : Failure.Kind.BROKEN));
    }
    byte[] answer;
    try {
      answer = upstream.translator().whole(body, usage);
    } catch (FormatException e) {
      return failed(Failure.of(Failure.Kind.BROKEN));
    }
    settlement.complete(status);
    settlement.durable();
    headers();
    client().setHeader("openai-processing-ms", Long.toString(call().age().toMillis()));
    boolean same = upstream.spoken() == request.view().operation();
    client().send(status, same && !type.isEmpty() ? type : "application/json", answer);
    return null;
  }

  private void headers() {
    client().setHeader("x-hadal-upstream", candidate.name());
    call().answeredBy(call().version(candidate.version()));
    if (!call().ignored().isEmpty()) {
      client().setHeader("x-hadal-ignored-params", String.join(",", call().ignored()));
    }
  }

  /** Events as they come. */
  private final class StreamRelay {
    private final int status;
    private final SseReader reader;
    private final InputStream in;
    private final RelayWatch watch;
    private final ByteArrayOutputStream pending = new ByteArrayOutputStream(1024);
    private @Nullable OutputStream out;

    StreamRelay(int status, InputStream in, RelayWatch watch) {
      this.status = status;
      this.in = in;
      this.reader = new SseReader(in, MOST_EVENT);
      this.watch = watch;
    }

    @Nullable Failure run() throws ClientGoneException {
      boolean broken = false;
      try {
        SseReader.Event event = reader.next();
        while (event != null) {
          byte[] data = event.data();
          if (data != null) {
            usage.event(data);
            if (usage.failed() || usage.malformed()) {
              return failedInStream(event);
            }
          }
          if (take(event, data != null)) {
            return null;
          }
          event = reader.next();
        }
      } catch (ClientGoneException e) {
        throw e;
      } catch (IOException | FormatException e) {
        broken = true;
      }
      if (watch.gone()) {
        throw new ClientGoneException();
      }
      // Some end their streams without a word; then the reason to stop has to be there.
      if (!broken && !watch.late() && usage.finish() != null) {
        finish();
        return null;
      }
      return cut();
    }

    /** True when the answer is complete. */
    private boolean take(SseReader.Event event, boolean data) throws IOException {
      boolean content = data && usage.content();
      if (content) {
        settlement.first();
      }
      if (data && usage.ended()) {
        complete();
      }
      upstream.translator().event(event, usage, pending);
      if (data && usage.ended()) {
        upstream.translator().end(usage, pending);
        end();
        tail();
        return true;
      }
      boolean held = out == null && System.nanoTime() - started > MOST_HELD_NANOS;
      if (settlement.begun() || held) {
        if (!reader.more()) {
          flush();
        }
        if (!settlement.mayGoOn()) {
          exhausted();
          return true;
        }
      }
      if (settlement.begun()) {
        watch.expect(System.nanoTime() + candidate.backend().config().timeouts().idle().toNanos());
      }
      return false;
    }

    private void flush() throws ClientGoneException {
      write(false);
    }

    /** Sends the rest, with the end of all, where the exchange can, in the same packet. */
    private void end() throws ClientGoneException {
      write(true);
    }

    private void write(boolean last) throws ClientGoneException {
      OutputStream to = out;
      watch.writing(true);
      try {
        if (to == null) {
          headers();
          call().streamed();
          client().setHeader("x-accel-buffering", "no");
          to = client().stream(200, "text/event-stream; charset=utf-8");
          out = to;
        }
        pending.writeTo(to);
        pending.reset();
        if (last) {
          to.close();
        } else {
          to.flush();
        }
      } catch (IOException | RuntimeException e) {
        // Helidon has its own exceptions for a connection that is gone.
        throw new ClientGoneException();
      } finally {
        watch.writing(false);
      }
    }

    /**
     * What it took is durable before the client sees the end. What came with the end goes out with
     * it; a client that has seen nothing yet need not wait for that.
     */
    private void complete() throws ClientGoneException {
      settlement.complete(status);
      try {
        if (out == null && pending.size() > 0) {
          flush();
        }
      } finally {
        settlement.durable();
      }
    }

    private void finish() throws ClientGoneException {
      complete();
      translated(() -> upstream.translator().end(usage, pending));
      end();
    }

    private interface Writing {
      void run() throws IOException;
    }

    /** Writes to memory cannot fail. */
    private void translated(Writing writing) {
      try {
        writing.run();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    /** Reads what is left behind the end, so that the connection can be used again. */
    private void tail() {
      watch.expect(System.nanoTime() + TAIL_NANOS);
      try {
        in.skip(1 << 16);
        while (in.read() >= 0) {
          in.skip(1 << 16);
        }
      } catch (IOException e) {
        // The connection is not kept.
      }
    }

    private Failure failedBefore() {
      return failed(Failure.of(watch.late() ? Failure.Kind.TIMEOUT : Failure.Kind.BROKEN));
    }

    private @Nullable Failure failedInStream(SseReader.Event event) throws IOException {
      if (out == null && !settlement.begun()) {
        return failedBefore();
      }
      brokenOff();
      if (usage.failed() && upstream.spoken() == request.view().operation()) {
        upstream.translator().event(event, usage, pending);
      } else {
        upstream.translator().fail(HttpProblem.upstream(), pending);
      }
      end();
      return null;
    }

    private void brokenOff() {
      call().outcome("upstream_error");
      if (settlement.begun()) {
        settlement.cut(status);
      } else {
        settlement.failed(Failure.of(Failure.Kind.BROKEN));
      }
    }

    private @Nullable Failure cut() throws ClientGoneException {
      if (out == null && !settlement.begun()) {
        return failedBefore();
      }
      boolean drained = watch.ended() && settlement.begun();
      if (drained) {
        call().outcome("server_draining");
        settlement.drained(status);
      } else {
        brokenOff();
      }
      Problem problem = drained ? Problem.draining() : HttpProblem.upstream();
      translated(() -> upstream.translator().fail(problem, pending));
      end();
      return null;
    }

    private void exhausted() throws ClientGoneException {
      settlement.exhausted(status);
      call().outcome("budget_exhausted");
      translated(() -> upstream.translator().fail(HttpProblem.budgetExhausted(), pending));
      end();
    }
  }
}
