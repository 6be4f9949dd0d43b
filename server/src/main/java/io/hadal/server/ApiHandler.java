package io.hadal.server;

import io.hadal.chat.ChatRequest.Client;
import io.hadal.chat.Ids;
import io.hadal.chat.Problem;
import io.hadal.engine.serving.PrefixLimits;
import io.hadal.platform.Refusal;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ProjectPolicy;
import io.hadal.platform.tenancy.Scope;
import io.hadal.server.RecordingExchange.Recording;
import io.hadal.server.http.BodyMemory;
import io.hadal.server.http.CrossOrigin;
import io.hadal.server.http.Exchange;
import io.hadal.server.http.HttpHandler;
import io.hadal.server.http.HttpProblem;
import io.hadal.server.redaction.RequestRedaction;
import io.hadal.server.telemetry.Tracing;
import io.hadal.server.wire.Call;
import io.hadal.server.wire.CallMeter;
import io.hadal.server.wire.ClientGoneException;
import io.hadal.server.wire.Dialect;
import io.hadal.server.wire.HeaderFlag;
import io.hadal.server.wire.Refusals;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Receives every request: routes it, asks for its key, and sees that it gets one answer. */
final class ApiHandler implements HttpHandler {
  private static final System.Logger LOG = System.getLogger("hadal.server");

  private static final int MOST_CAUSES = 8;

  /** When another attempt is worth it after there was no memory. */
  private static final int BODY_RETRY_SECONDS = 5;

  private static final CallMeter UNMETERED = new CallMeter(null, null);

  private final Routes routes;
  private final Consumer<Call> finished;
  private final long bodyLimit;
  private final AtomicInteger active;
  private final Idempotency idempotency;
  private final KeptAnswers kept;
  private final BodyMemory bodies = BodyMemory.ofHeap();
  private final @Nullable PlatformAccess platform;
  private volatile @Nullable RequestRedaction redaction;
  private volatile @Nullable KeyRing keys;
  private volatile @Nullable Tracing tracing;
  private volatile CrossOrigin origins = CrossOrigin.NONE;
  private volatile boolean draining;

  /**
   * @param keys null to serve everybody
   * @param platform null to know no other keys, and to meter nothing
   * @param bodyLimit longest body
   * @param idempotency how answers are kept for repeated requests
   * @param active counts the requests being answered
   * @param finished sees each call when it is over
   */
  ApiHandler(
      Routes routes,
      @Nullable KeyRing keys,
      @Nullable PlatformAccess platform,
      long bodyLimit,
      IdempotencyLimits idempotency,
      AtomicInteger active,
      Consumer<Call> finished) {
    this.routes = routes;
    this.keys = keys;
    this.kept = new KeptAnswers(platform == null ? null : platform.vault());
    this.platform = platform;
    this.bodyLimit = bodyLimit;
    this.idempotency = new Idempotency(idempotency);
    this.active = active;
    this.finished = finished;
  }

  /** Requests being answered. */
  int active() {
    return active.get();
  }

  /** Other keys, from the next request on; null to serve everybody. */
  void keys(@Nullable KeyRing now) {
    keys = now;
  }

  /** Changes texts of requests and answers from now on. */
  void redaction(RequestRedaction now) {
    redaction = now;
  }

  /** Pages of other origins that may use the API, from the next request on. */
  void origins(CrossOrigin now) {
    origins = now;
  }

  /** Follows requests from the next one on. */
  void tracing(Tracing now) {
    tracing = now;
  }

  /** Other limits for repeated requests. */
  void idempotency(IdempotencyLimits now) {
    idempotency.limits(now);
  }

  /** Refuses what comes from now on. */
  void drain() {
    draining = true;
  }

  boolean draining() {
    return draining;
  }

  /** Bytes that bodies of requests take now. */
  double bodyBytes() {
    return bodies.used();
  }

  @Override
  public void handle(Exchange exchange) throws IOException {
    try (BodyMemory.Counted counted = bodies.count(exchange)) {
      counted(counted);
    }
  }

  private void counted(Exchange exchange) throws IOException {
    String requestId = Ids.next("req_");
    exchange.setHeader("x-request-id", requestId);
    exchange.setHeader("request-id", requestId);
    exchange.setHeader("cache-control", "no-store");
    String path = path(exchange.path());
    Map<String, Route> found = routes.find(path);
    Route route = found == null ? null : found.get(exchange.method());
    Dialect dialect = dialect(path, found, exchange);
    Call call =
        new Call(
            exchange,
            dialect,
            route == null ? "none" : route.operation(),
            requestId,
            anyone(),
            UNMETERED);
    active.incrementAndGet();
    try {
      if (found == null) {
        throw HttpProblem.unknownUrl(exchange.method(), path);
      }
      if (isApi(found) && origins.asks(exchange, found.keySet())) {
        exchange.send(204, "application/json", new byte[0]);
        return;
      }
      if (route == null) {
        exchange.setHeader("allow", String.join(", ", found.keySet()));
        throw HttpProblem.wrongMethod(exchange.method());
      }
      if (!route.open()) {
        call = known(exchange, dialect, route.operation(), requestId);
        Tracing following = tracing;
        if (following != null) {
          call.trace(following.begin(call));
        }
        // Refused before anything is asked of a model.
        call.tags();
        if (draining) {
          exchange.setHeader("connection", "close");
          throw Problem.draining();
        }
      }
      run(route, call);
    } catch (Problem problem) {
      refuse(call, problem);
    } catch (Refusal refusal) {
      CallMeter.tell(call, refusal.limits());
      refuse(call, Refusals.problem(refusal));
    } catch (BodyMemory.FullException e) {
      refuse(call, Problem.overloaded(BODY_RETRY_SECONDS));
    } catch (ClientGoneException e) {
      call.outcome("client_closed");
      throw e;
    } catch (IOException e) {
      // The body could not be read: there may be nobody to tell.
      call.outcome("client_closed");
      refuse(call, HttpProblem.invalidJson("incomplete or damaged"));
    } catch (RuntimeException e) {
      call.outcome("internal_error");
      LOG.log(Level.ERROR, "request " + requestId + " failed", withoutMessages(e, 0));
      refuse(call, Problem.internal());
    } catch (OutOfMemoryError e) {
      // Its request is given up, and with it what it took; all others go on.
      LOG.log(Level.ERROR, "request " + requestId + " failed for want of memory");
      refuse(call, Problem.overloaded(BODY_RETRY_SECONDS));
    } finally {
      active.decrementAndGet();
      finished.accept(call);
    }
  }

  /** Whether it is for clients with keys, not for browsers with a session. */
  private static boolean isApi(Map<String, Route> found) {
    return found.values().stream().noneMatch(Route::open);
  }

  private void run(Route route, Call call) throws IOException {
    String key = call.exchange().header("idempotency-key");
    if (key == null || !(call.exchange() instanceof RecordingExchange exchange)) {
      answer(route, call);
      return;
    }
    byte[] body = call.body(bodyLimit);
    Idempotency.Decision decision =
        idempotency.reserve(key, call.client().tenant(), path(exchange.path()), body);
    Idempotency.Entry entry = decision.entry();
    if (decision.answer() != null) {
      Recording answer = kept.open(call, key, decision.answer());
      if (answer == null) {
        throw HttpProblem.idempotencyReplayUnavailable();
      }
      call.outcome("replayed");
      answer.replay(exchange);
    } else if (entry != null) {
      boolean answered = false;
      try {
        answer(route, call);
      } finally {
        // A stream that told of an error is complete, too; the outcome says so.
        answered = exchange.success() && call.outcome().equals("ok");
        Recording answer = answered ? kept.close(call, key, exchange.recording()) : null;
        idempotency.release(entry, answered, answer);
      }
    }
  }

  /** Where a fault happened. Its own messages could hold content, and no log may. */
  private static Throwable withoutMessages(Throwable fault, int depth) {
    Throwable cause = depth < MOST_CAUSES ? fault.getCause() : null;
    Throwable bare =
        new IllegalStateException(
            fault.getClass().getName(), cause == null ? null : withoutMessages(cause, depth + 1));
    bare.setStackTrace(fault.getStackTrace());
    return bare;
  }

  private void answer(Route route, Call call) throws IOException {
    RequestRedaction redacting = redaction;
    if (redacting == null) {
      route.handler().handle(call);
    } else {
      redacting.run(call, route.handler()::handle);
    }
  }

  /** The call of a client whose key is known. */
  private Call known(Exchange exchange, Dialect dialect, String operation, String requestId) {
    Identity identity =
        platform == null
            ? null
            : platform
                .keys()
                .identify(key(exchange), exchange.peer(), exchange.header("x-hadal-project"));
    if (platform == null || identity == null) {
      Client client = client(exchange);
      boolean keeps = !HeaderFlag.ZDR.of(exchange);
      return new Call(
          recorded(exchange, keeps),
          dialect,
          operation,
          requestId,
          keeps ? client : new Client(client.tenant(), client.cacheKey(), false),
          UNMETERED);
    }
    requireScope(identity, operation);
    boolean keeps = !identity.policy().zdr() && !HeaderFlag.ZDR.of(exchange);
    String shared =
        identity.policy().cacheIsolation().equals("project") ? identity.project() : identity.key();
    return new Call(
        recorded(exchange, keeps),
        dialect,
        operation,
        requestId,
        // Caches of prompts are not encrypted, so none holds health information.
        new Client(
            identity.project(),
            shared,
            keeps && !identity.policy().phi(),
            false,
            prefixes(identity.policy())),
        new CallMeter(platform.gate(), identity));
  }

  private static @Nullable PrefixLimits prefixes(ProjectPolicy policy) {
    return policy.cacheBytes() == 0 && policy.cacheSeconds() == 0
        ? null
        : new PrefixLimits(policy.cacheBytes(), Duration.ofSeconds(policy.cacheSeconds()));
  }

  /** Keys may be made for one of these only: models are not asked with one for their list. */
  private static void requireScope(Identity identity, String operation) {
    Set<Scope> enough =
        switch (operation) {
          case "models" -> Set.of(Scope.MODELS_READ);
          case "balance", "usage" -> Set.of(Scope.USAGE_READ, Scope.INFERENCE);
          // State of the process and names of what is not there.
          case "metrics", "health", "version", "page", "none" -> Set.of();
          default -> Set.of(Scope.INFERENCE);
        };
    if (!enough.isEmpty() && Collections.disjoint(enough, identity.scopes())) {
      String first = enough.size() == 1 ? enough.iterator().next().text() : "usage:read";
      throw new Refusal(
          Refusal.Reason.NOT_PERMITTED,
          "This key may not do that: it lacks the scope " + first + ".");
    }
  }

  /** Keeps the answer when the request may be repeated, and only its key when nothing may stay. */
  private Exchange recorded(Exchange exchange, boolean kept) {
    return exchange.method().equals("POST") && exchange.header("idempotency-key") != null
        ? new RecordingExchange(exchange, kept ? idempotency.answerBytes() : 0)
        : exchange;
  }

  /** Whether a request comes from this machine, past no proxy, or has a key. */
  boolean trusts(Exchange exchange) {
    boolean near =
        (exchange.peer().startsWith("127.") || exchange.peer().equals("0:0:0:0:0:0:0:1"))
            && exchange.header("x-forwarded-for") == null
            && exchange.header("forwarded") == null;
    if (near) {
      return true;
    }
    try {
      return platform != null
          ? platform.keys().identify(key(exchange), exchange.peer(), null) != null
          : keys != null && client(exchange) != null;
    } catch (Problem | Refusal e) {
      return false;
    }
  }

  private static String path(String path) {
    return path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }

  private static Dialect dialect(
      String path, @Nullable Map<String, Route> found, Exchange exchange) {
    if (found != null && !found.isEmpty()) {
      Dialect own = found.values().iterator().next().dialect();
      if (own != Dialect.OPENAI) {
        return own;
      }
    }
    boolean anthropic =
        path.startsWith("/anthropic/") || exchange.header("anthropic-version") != null;
    return anthropic
        ? Dialect.ANTHROPIC
        : path.startsWith("/api/") && found != null ? Dialect.OLLAMA : Dialect.OPENAI;
  }

  private static void refuse(Call call, Problem told) {
    Exchange exchange = call.exchange();
    // Clients of the Responses API repeat a 402 and stop at this.
    boolean stop = told.status() == 402 && call.operation().equals("responses");
    Problem problem = stop ? HttpProblem.asUsageLimit(told) : told;
    call.outcome(problem.code());
    if (exchange.answered()) {
      return;
    }
    // Without this, clients repeat what can only fail again.
    exchange.setHeader("x-should-retry", Boolean.toString(problem.retry()));
    if (problem.retryAfterSeconds() > 0) {
      exchange.setHeader("retry-after", Integer.toString(problem.retryAfterSeconds()));
      exchange.setHeader("retry-after-ms", Long.toString(problem.retryAfterMillis()));
    }
    exchange.send(
        call.dialect().status(problem),
        "application/json",
        call.dialect().body(problem, call.requestId()));
  }

  private static Client anyone() {
    return new Client("anyone", "anyone");
  }

  /**
   * Makes sure that a request has a key of the file, if there is one.
   *
   * @throws Problem when not
   */
  void requireKey(Exchange exchange) {
    var _ = client(exchange);
  }

  private Client client(Exchange exchange) {
    KeyRing ring = keys;
    if (ring == null) {
      return anyone();
    }
    String key = key(exchange);
    if (key == null) {
      throw HttpProblem.unauthorized(
          "No API key: send it as 'Authorization: Bearer KEY' or 'x-api-key: KEY'.");
    }
    String owner = ring.owner(key);
    if (owner == null) {
      String end = key.length() > 8 ? key.substring(key.length() - 4) : "";
      throw HttpProblem.unauthorized("Incorrect API key provided: ****" + end + ".");
    }
    return new Client(owner, owner);
  }

  static @Nullable String key(Exchange exchange) {
    String authorization = exchange.header("authorization");
    if (authorization != null) {
      String text = authorization.strip();
      return text.regionMatches(true, 0, "bearer ", 0, 7) ? text.substring(7).strip() : text;
    }
    for (String header : new String[] {"x-api-key", "api-key"}) {
      String key = exchange.header(header);
      if (key != null) {
        return key.strip();
      }
    }
    return null;
  }
}
