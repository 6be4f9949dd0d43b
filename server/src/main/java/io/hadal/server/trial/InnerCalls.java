package io.hadal.server.trial;

import io.hadal.chat.ChatRequest.Client;
import io.hadal.chat.Problem;
import io.hadal.platform.Ids;
import io.hadal.platform.Refusal;
import io.hadal.platform.registry.Resolution;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ProjectPolicy;
import io.hadal.platform.usage.Gate;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.wire.Call;
import io.hadal.server.wire.CallMeter;
import io.hadal.server.wire.Dialect;
import io.hadal.server.wire.Refusals;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Asks versions from inside: copies of requests, probes and reports. Nobody is charged, all
 * requests of clients come first, and nothing is kept of them.
 */
public final class InnerCalls {
  /** Whose probes are: no organisation has this id. */
  public static final Identity PROBES =
      new Identity(
          "hadal",
          "hadal",
          "hadal-probes",
          "hadal-probes",
          null,
          Set.of(),
          List.of(),
          ProjectPolicy.DEFAULT);

  private static final System.Logger LOG = System.getLogger("hadal.server");

  private final Gate gate;
  private final Handler handler;

  /** Answers a call whose version is known. */
  @FunctionalInterface
  public interface Handler {
    void handle(Call call, Operation operation) throws IOException;
  }

  /**
   * Calls from inside.
   *
   * @param gate lets them pass and writes down what they took
   */
  public InnerCalls(Gate gate, Handler handler) {
    this.gate = gate;
    this.handler = handler;
  }

  /**
   * What to ask.
   *
   * @param version what answers
   * @param headers of the request, names in lower case
   * @param patience longest time it may take
   */
  public record Order(
      Operation operation,
      byte[] body,
      Resolution version,
      Identity identity,
      Map<String, String> headers,
      Duration patience) {}

  /**
   * What came back.
   *
   * @param body an error's, too
   * @param complete whether it came to its end without one
   * @param firstTokenMillis -1 when there was none
   * @param tokenMicros -1 when unknown
   */
  public record Reply(
      int status,
      byte[] body,
      boolean complete,
      long millis,
      long firstTokenMillis,
      long tokenMicros) {}

  /** Asks on the calling thread. */
  public Reply ask(Order order) {
    long start = System.nanoTime();
    Dialect dialect = order.operation().anthropic() ? Dialect.ANTHROPIC : Dialect.OPENAI;
    InnerExchange exchange =
        new InnerExchange(
            "/v1" + order.operation().path(),
            order.body(),
            order.headers(),
            start + order.patience().toNanos());
    Identity identity = order.identity();
    Call call =
        new Call(
            exchange,
            dialect,
            order.operation().label(),
            Ids.next("req_"),
            new Client(identity.project(), identity.key(), false, true),
            new CallMeter(gate, identity));
    call.resolved(order.version());
    int status = 0;
    try {
      handler.handle(call, order.operation());
    } catch (Problem problem) {
      status = refused(call, problem);
    } catch (Refusal refusal) {
      status = refused(call, Refusals.problem(refusal));
    } catch (IOException e) {
      status = refused(call, Problem.timeout());
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "a request from inside failed: " + e.getClass().getSimpleName());
      status = refused(call, Problem.internal());
    }
    Duration first = call.firstToken();
    Duration each = call.tokenTime();
    return new Reply(
        status == 0 ? exchange.status() : status,
        exchange.answer(),
        status == 0 && exchange.complete() && call.outcome().equals("ok") && !call.isSubstituted(),
        (System.nanoTime() - start) / 1_000_000,
        first == null ? -1 : first.toMillis(),
        each == null ? -1 : each.toNanos() / 1000);
  }

  private static int refused(Call call, Problem problem) {
    call.outcome(problem.code());
    return call.dialect().status(problem);
  }

  /** The version of a call that is not made by a name; of drafts, too. */
  public static Resolution pinned(
      String version, List<String> backends, String upstreamModel, @Nullable String backend) {
    return new Resolution(
        version,
        version,
        backend == null ? backends : List.of(backend),
        upstreamModel,
        null,
        null,
        null,
        null);
  }
}
