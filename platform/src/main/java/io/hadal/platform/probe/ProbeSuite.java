package io.hadal.platform.probe;

import io.hadal.formats.FormatException;
import io.hadal.platform.registry.ProbeResult;
import io.hadal.platform.registry.ProbeResult.Outcome;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Tries what a model can do (platform specification, 2.7). Each probe asks for one thing and looks
 * whether the answer has it, so that a list of features says what was seen and not what was meant.
 */
public final class ProbeSuite {
  /** Tokens of texts in which something has to be found. */
  private static final int[] HAYSTACKS = {4 << 10, 32 << 10, 128 << 10, 512 << 10};

  /** Tokens of answers that have a form, which is longer than what it says. */
  private static final int LONG = 320;

  /** Room for question and answer. */
  private static final int BESIDE_HAYSTACK = 512;

  private static final String NEEDLE = "The code of the blue door is 7391.";

  /** A red point. */
  private static final String IMAGE =
      "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQ"
          + "DwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

  /** What a probe has found: nothing wrong, or what. */
  private record Finding(Outcome outcome, String detail) {
    static final Finding PASSED = new Finding(Outcome.PASSED, "");

    static Finding failed(String detail) {
      return new Finding(Outcome.FAILED, detail);
    }
  }

  @FunctionalInterface
  private interface Probe {
    Finding run(ProbeClient client) throws IOException, InterruptedException;
  }

  private final Clock clock;
  private final Map<String, Probe> probes = new LinkedHashMap<>();

  public ProbeSuite(Clock clock) {
    this.clock = clock;
    probes.put("stream", ProbeSuite::stream);
    probes.put("tools", client -> tools(client, false));
    probes.put("parallel_tools", ProbeSuite::parallelTools);
    probes.put("strict_tools", client -> tools(client, true));
    probes.put("json_object", ProbeSuite::jsonObject);
    probes.put("json_schema", ProbeSuite::jsonSchema);
    probes.put("thinking", ProbeSuite::thinking);
    probes.put("fim", ProbeSuite::fim);
    probes.put("prefix", ProbeSuite::prefix);
    probes.put("logprobs", ProbeSuite::logprobs);
    probes.put("seed", ProbeSuite::seed);
    probes.put("image", ProbeSuite::image);
  }

  /**
   * Runs all probes, one after the other.
   *
   * @param context longest conversation in tokens; 0 to ask the server
   * @param progress told each result as it comes
   * @throws FormatException when the server does not answer at all, or not for this model
   * @throws InterruptedException when the thread is interrupted
   */
  public List<ProbeResult> run(ProbeTarget target, int context, Consumer<ProbeResult> progress)
      throws InterruptedException {
    try (HttpTransport transport = new HttpTransport(target)) {
      return run(transport, context, Integer.MAX_VALUE, progress);
    }
  }

  /**
   * Runs all probes over any transport, which stays open.
   *
   * @param context longest conversation in tokens; 0 to ask the server
   * @param longest tokens of the longest text to find something in; longer ones are left out
   * @param progress told each result as it comes
   * @throws FormatException when the server does not answer at all, or not for this model
   * @throws InterruptedException when the thread is interrupted
   */
  public List<ProbeResult> run(
      ProbeTransport transport, int context, int longest, Consumer<ProbeResult> progress)
      throws InterruptedException {
    List<ProbeResult> results = new ArrayList<>();
    ProbeClient client = new ProbeClient(transport);
    long start = clock.millis();
    Finding chat = first(client, transport);
    add(results, progress, "chat", chat, start);
    for (Map.Entry<String, Probe> probe : probes.entrySet()) {
      one(results, progress, probe.getKey(), client, probe.getValue());
    }
    int room = context > 0 ? context : told(client);
    for (int tokens : HAYSTACKS) {
      String feature = "needle_" + (tokens >> 10) + "k";
      String skipped =
          tokens + BESIDE_HAYSTACK > room
              ? room == 0 ? "the context is not known" : "the context is " + room + " tokens"
              : tokens > longest ? "left out of automatic runs" : null;
      if (skipped != null) {
        add(results, progress, feature, new Finding(Outcome.SKIPPED, skipped), clock.millis());
      } else {
        one(results, progress, feature, client, c -> needle(c, tokens));
      }
    }
    return results;
  }

  private void one(
      List<ProbeResult> results,
      Consumer<ProbeResult> progress,
      String feature,
      ProbeClient client,
      Probe probe)
      throws InterruptedException {
    long start = clock.millis();
    Finding finding;
    try {
      finding = probe.run(client);
    } catch (IOException e) {
      finding = Finding.failed("no answer: " + e.getClass().getSimpleName());
    }
    add(results, progress, feature, finding, start);
  }

  private void add(
      List<ProbeResult> results,
      Consumer<ProbeResult> progress,
      String feature,
      Finding finding,
      long start) {
    ProbeResult result =
        new ProbeResult(
            feature, finding.outcome, finding.detail, clock.millis() - start, clock.instant());
    results.add(result);
    progress.accept(result);
  }

  /** The first request, which also finds out whether reasoning can be switched off. */
  private static Finding first(ProbeClient client, ProbeTransport transport)
      throws InterruptedException {
    try {
      ProbeClient.Reply reply = client.chat(client.chat("Say hello."));
      if (reply.status() == 400) {
        client.leaveThinking();
        reply = client.chat(client.chat("Say hello."));
      }
      switch (reply.status()) {
        case 200 -> {}
        case 401, 403 ->
            throw new FormatException(transport.name(), "refuses the key; give another with --key");
        case 404 ->
            throw new FormatException(transport.name(), "has no model '" + transport.model() + "'");
        default -> throw new FormatException(transport.name(), "answers " + reply.status());
      }
      if (!reply.message().path("content").isString()) {
        return Finding.failed("the answer has no text");
      }
      JsonNode usage = reply.json().path("usage");
      if (usage.path("prompt_tokens").asInt(0) < 1
          || usage.path("prompt_tokens").asInt() + usage.path("completion_tokens").asInt(0)
              != usage.path("total_tokens").asInt(-1)) {
        return Finding.failed("the usage does not add up");
      }
      return Finding.PASSED;
    } catch (IOException e) {
      throw new FormatException(transport.name(), "does not answer: " + e, e);
    }
  }

  private static int told(ProbeClient client) throws InterruptedException {
    try {
      return client.model().json().path("context_length").asInt(0);
    } catch (IOException e) {
      return 0;
    }
  }

  private static @Nullable Finding wrongStatus(int status) {
    return status == 200 ? null : Finding.failed("answers " + status);
  }

  private static Finding stream(ProbeClient client) throws IOException, InterruptedException {
    ObjectNode body = client.chat("Count to five.");
    body.putObject("stream_options").put("include_usage", true);
    ProbeClient.Streamed streamed = client.stream(body);
    if (streamed.status() != 200) {
      return Finding.failed("answers " + streamed.status());
    }
    boolean finished =
        streamed.events().stream().anyMatch(e -> e.at("/choices/0/finish_reason").isString());
    boolean usage =
        streamed.events().stream().anyMatch(e -> e.at("/usage/total_tokens").isNumber());
    if (!finished || !streamed.done()) {
      return Finding.failed("the stream does not come to its end");
    }
    return usage ? Finding.PASSED : Finding.failed("the stream has no usage");
  }

  private static Finding tools(ProbeClient client, boolean strict)
      throws IOException, InterruptedException {
    ObjectNode body = client.chat("What is the weather in Rome, in degrees celsius?");
    ProbeTool.add(body, strict);
    body.put("max_tokens", LONG).put("parallel_tool_calls", false);
    ObjectNode choice = body.putObject("tool_choice").put("type", "function");
    choice.putObject("function").put("name", ProbeTool.NAME);
    ProbeClient.Reply reply = client.chat(body);
    Finding wrong = wrongStatus(reply.status());
    if (wrong != null) {
      return wrong;
    }
    return switch (ProbeTool.validCalls(reply)) {
      case -1 -> Finding.failed("the arguments do not follow the schema");
      case 0 -> Finding.failed("no call");
      default -> Finding.PASSED;
    };
  }

  private static Finding parallelTools(ProbeClient client)
      throws IOException, InterruptedException {
    ObjectNode body =
        client.chat(
            "What is the weather in Paris and in Rome, in degrees celsius? Call the tool once for"
                + " each city, both at once.");
    ProbeTool.add(body, false);
    body.put("max_tokens", LONG).put("tool_choice", "auto").put("parallel_tool_calls", true);
    ProbeClient.Reply reply = client.chat(body);
    Finding wrong = wrongStatus(reply.status());
    if (wrong != null) {
      return wrong;
    }
    int calls = ProbeTool.validCalls(reply);
    return calls >= 2 ? Finding.PASSED : Finding.failed(Math.max(0, calls) + " valid calls, not 2");
  }

  private static Finding jsonObject(ProbeClient client) throws IOException, InterruptedException {
    ObjectNode body = client.chat("Answer with the JSON object {\"ok\": true} and nothing else.");
    body.put("max_tokens", LONG).putObject("response_format").put("type", "json_object");
    ProbeClient.Reply reply = client.chat(body);
    Finding wrong = wrongStatus(reply.status());
    return wrong != null
        ? wrong
        : ProbeJson.parse(reply.content()).isObject()
            ? Finding.PASSED
            : Finding.failed("the answer is no JSON object");
  }

  private static Finding jsonSchema(ProbeClient client) throws IOException, InterruptedException {
    ObjectNode body = client.chat("Name a colour and say whether it is warm.");
    body.put("max_tokens", LONG);
    ObjectNode format = body.putObject("response_format").put("type", "json_schema");
    ObjectNode named = format.putObject("json_schema").put("name", "colour").put("strict", true);
    ObjectNode schema = named.putObject("schema").put("type", "object");
    ObjectNode properties = schema.putObject("properties");
    properties.putObject("colour").put("type", "string").putArray("enum").add("red").add("blue");
    properties.putObject("warm").put("type", "boolean");
    schema.putArray("required").add("colour").add("warm");
    schema.put("additionalProperties", false);
    ProbeClient.Reply reply = client.chat(body);
    Finding wrong = wrongStatus(reply.status());
    if (wrong != null) {
      return wrong;
    }
    JsonNode answer = ProbeJson.parse(reply.content());
    String colour = answer.path("colour").asString("");
    return answer.size() == 2
            && (colour.equals("red") || colour.equals("blue"))
            && answer.path("warm").isBoolean()
        ? Finding.PASSED
        : Finding.failed("the answer does not follow the schema");
  }

  private static boolean reasons(ProbeClient client, String effort)
      throws IOException, InterruptedException {
    ObjectNode body = client.chat("What is 17 times 23?");
    body.remove("thinking");
    ProbeClient.Reply reply = client.chat(body.put("reasoning_effort", effort));
    String reasoning =
        reply.message().path("reasoning_content").asString("")
            + reply.message().path("reasoning").asString("");
    return reply.status() == 200 && !reasoning.isBlank();
  }

  private static Finding thinking(ProbeClient client) throws IOException, InterruptedException {
    List<String> levels = new ArrayList<>();
    for (String level : List.of("low", "high", "max")) {
      if (reasons(client, level)) {
        levels.add(level);
      }
    }
    if (levels.isEmpty()) {
      return Finding.failed("no reasoning at any level");
    }
    return reasons(client, "none")
        ? Finding.failed("reasons when told not to")
        : new Finding(Outcome.PASSED, "levels: none, " + String.join(", ", levels));
  }

  private static Finding fim(ProbeClient client) throws IOException, InterruptedException {
    ObjectNode body = client.chat("");
    body.remove(List.of("messages", "thinking"));
    body.put("prompt", "def add(a, b):\n    return ").put("suffix", "\n\nprint(add(1, 2))\n");
    ProbeClient.Reply reply = client.post("/v1/completions", body.put("max_tokens", 32));
    Finding wrong = wrongStatus(reply.status());
    return wrong != null
        ? wrong
        : reply.json().at("/choices/0/text").asString("").isEmpty()
            ? Finding.failed("nothing was filled in")
            : Finding.PASSED;
  }

  private static Finding prefix(ProbeClient client) throws IOException, InterruptedException {
    ObjectNode body = client.chat("Write the numbers from one to five.");
    String begun = "one, two,";
    ((ArrayNode) body.path("messages"))
        .addObject()
        .put("role", "assistant")
        .put("content", begun)
        .put("prefix", true);
    ProbeClient.Reply reply = client.chat(body);
    Finding wrong = wrongStatus(reply.status());
    return wrong != null
        ? wrong
        : reply.content().strip().startsWith(begun)
            ? Finding.failed("the answer begins anew")
            : Finding.PASSED;
  }

  private static Finding logprobs(ProbeClient client) throws IOException, InterruptedException {
    ObjectNode body = client.chat("Say yes.");
    ProbeClient.Reply reply =
        client.chat(body.put("max_tokens", 4).put("logprobs", true).put("top_logprobs", 3));
    Finding wrong = wrongStatus(reply.status());
    if (wrong != null) {
      return wrong;
    }
    JsonNode tokens = reply.json().at("/choices/0/logprobs/content");
    if (tokens.isEmpty()) {
      return Finding.failed("no probabilities");
    }
    for (JsonNode token : tokens) {
      double sum = 0;
      for (JsonNode top : token.path("top_logprobs")) {
        sum += Math.exp(top.path("logprob").asDouble(1));
      }
      if (token.path("logprob").asDouble(1) > 0
          || token.path("top_logprobs").size() != 3
          || sum > 1.001) {
        return Finding.failed("what is given are no probabilities");
      }
    }
    return Finding.PASSED;
  }

  private static Finding seed(ProbeClient client) throws IOException, InterruptedException {
    ObjectNode body =
        client.chat("Make up a name for a boat.").put("temperature", 1).put("max_tokens", 32);
    ProbeClient.Reply one = client.chat(body);
    ProbeClient.Reply two = client.chat(body);
    Finding wrong = wrongStatus(Math.max(one.status(), two.status()));
    return wrong != null
        ? wrong
        : one.content().equals(two.content())
            ? Finding.PASSED
            : Finding.failed("two answers of one seed differ");
  }

  private static Finding image(ProbeClient client) throws IOException, InterruptedException {
    ObjectNode body = client.chat("");
    ArrayNode parts = ((ObjectNode) body.path("messages").path(0)).putArray("content");
    parts.addObject().put("type", "text").put("text", "Which colour is this?");
    parts.addObject().put("type", "image_url").putObject("image_url").put("url", IMAGE);
    ProbeClient.Reply reply = client.chat(body);
    Finding wrong = wrongStatus(reply.status());
    return wrong != null
        ? wrong
        : reply.content().isBlank() ? Finding.failed("no answer") : Finding.PASSED;
  }

  private static Finding needle(ProbeClient client, int tokens)
      throws IOException, InterruptedException {
    String hay = "The grass grows and the wind blows over the hills of the north. ";
    ProbeClient.Reply sample = client.chat(client.chat(hay.repeat(20)).put("max_tokens", 1));
    int counted = sample.json().at("/usage/prompt_tokens").asInt(0);
    if (sample.status() != 200 || counted < 20) {
      return Finding.failed("answers " + sample.status() + " to a sample");
    }
    int repeats = (int) (20L * (tokens - 64) / counted);
    String text = hay.repeat(repeats / 3) + NEEDLE + " " + hay.repeat(repeats - repeats / 3);
    ProbeClient.Reply reply =
        client.chat(client.chat(text + "\n\nWhat is the code of the blue door?"));
    Finding wrong = wrongStatus(reply.status());
    return wrong != null
        ? wrong
        : reply.content().contains("7391")
            ? Finding.PASSED
            : Finding.failed("the needle was not found");
  }
}
