package io.hadal.engine;

import io.hadal.engine.GenerationResult.Stop;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Continues a session token by token, or two at a time when a guess of the drafter holds (spec
 * 5.3).
 */
public final class Generator {
  private final Engine engine;
  private final Session session;
  private final GenerationOptions options;
  private final Sampler sampler;
  private final List<Integer> out = new ArrayList<>();
  private int drafted;
  private int accepted;

  public Generator(Engine engine, Session session, GenerationOptions options) {
    this.engine = engine;
    this.session = session;
    this.options = options;
    this.sampler = new Sampler(options.sampling());
  }

  /** Runs to the end. The last token reported is not yet taken into the session. */
  public GenerationResult run(TokenListener listener) {
    long start = System.nanoTime();
    Stop stop = loop(listener);
    return new GenerationResult(out, stop, System.nanoTime() - start, drafted, accepted);
  }

  private Stop loop(TokenListener listener) {
    if (options.maxTokens() == 0) {
      return Stop.LENGTH;
    }
    int context = engine.options().context();
    boolean speculate = options.speculate() && engine.drafting();
    while (true) {
      int token = sampler.sample(session.logits(), session.length());
      Stop stop = report(listener, token, session.logits());
      if (stop != null) {
        return stop;
      }
      if (session.length() + 1 > context) {
        return Stop.CONTEXT;
      }
      boolean room = session.length() + 2 <= context && options.maxTokens() - out.size() > 1;
      if (!speculate || !room) {
        session.append(token);
        continue;
      }
      stop = speculate(listener, token);
      if (stop != null) {
        return stop;
      }
    }
  }

  /** Verifies a guess in the step that takes the token in. */
  private @Nullable Stop speculate(TokenListener listener, int token) {
    int guess = Sampler.argmax(engine.scheduler().draft(session, token));
    drafted++;
    Work work = Work.guess(session, token, guess);
    engine.run(List.of(work));
    int truth = sampler.sample(work.logits()[0], session.length() - 1);
    if (truth != guess) {
      session.reject(work.logits()[0]);
      return null;
    }
    accepted++;
    return report(listener, guess, work.logits()[0]);
  }

  private @Nullable Stop report(TokenListener listener, int token, float[] logits) {
    out.add(token);
    boolean more = listener.onToken(token, logits);
    if (options.stopIds().contains(token)) {
      return Stop.STOP;
    }
    if (!more) {
      return Stop.CANCELLED;
    }
    return out.size() >= options.maxTokens() ? Stop.LENGTH : null;
  }
}
