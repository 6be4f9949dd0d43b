package io.hadal.platform.compare;

import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.probe.ProbeTransport;
import io.hadal.platform.rollout.Observation.Check;
import io.hadal.platform.usage.Quantities;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Lets two versions answer the requests of a set (platform specification, 2.7). */
public final class UpgradeRun {
  private final ProbeTransport from;
  private final ProbeTransport to;
  private final Function<String, @Nullable PriceSnapshot> prices;

  /**
   * A run; the transports stay open.
   *
   * @param from the way to the version in use
   * @param to the way to the version that may follow
   * @param prices of the models that the transports name; null for none
   */
  public UpgradeRun(
      ProbeTransport from, ProbeTransport to, Function<String, @Nullable PriceSnapshot> prices) {
    this.from = from;
    this.to = to;
    this.prices = prices;
  }

  private record Answered(int status, @Nullable AnswerFacts facts, long millis) {}

  /**
   * Asks both, one after the other.
   *
   * @throws InterruptedException when the thread is interrupted
   */
  public UpgradeLine ask(Prompt prompt) throws InterruptedException {
    Expectation expected = Expectation.of(prompt.body());
    Answered one = ask(from, prompt.body());
    Answered two = ask(to, prompt.body());
    Likeness alike = Likeness.of(one.facts, two.facts);
    return new UpgradeLine(
        prompt.number(),
        side(from, expected, one),
        side(to, expected, two),
        alike.text(),
        alike.finish(),
        alike.calls());
  }

  private static Answered ask(ProbeTransport transport, ObjectNode body)
      throws InterruptedException {
    ObjectNode request = body.deepCopy().put("model", transport.model());
    long start = System.nanoTime();
    int status = 0;
    AnswerFacts facts = null;
    try {
      ProbeTransport.Answer answer =
          transport.send(
              "/v1/chat/completions", request.toString().getBytes(StandardCharsets.UTF_8));
      status = answer.status();
      facts = status == 200 ? AnswerReader.read(answer.body()) : null;
    } catch (IOException e) {
      // No answer is a result, too.
    }
    return new Answered(status, facts, (System.nanoTime() - start) / 1_000_000);
  }

  private UpgradeLine.Side side(ProbeTransport transport, Expectation expected, Answered a) {
    AnswerFacts facts = a.facts;
    if (facts == null) {
      return new UpgradeLine.Side(
          a.status, null, Check.NONE, Check.NONE, false, 0, 0, 0, a.millis, null);
    }
    PriceSnapshot price = prices.apply(transport.model());
    long cached = Math.min(facts.cachedTokens(), facts.inputTokens());
    Quantities took =
        Quantities.tokens(facts.inputTokens() - cached, cached, 0, facts.outputTokens(), 0);
    return new UpgradeLine.Side(
        a.status,
        facts.finish() == null ? "none" : facts.finish(),
        expected.calls(facts),
        expected.schema(facts),
        facts.refused(),
        facts.characters(),
        facts.inputTokens(),
        facts.outputTokens(),
        a.millis,
        price == null ? null : price.cost(took));
  }
}
