package io.hadal.server.routing.body;

import io.hadal.chat.Problem;
import io.hadal.engine.serving.PriorityClass;
import io.hadal.platform.usage.Work;
import io.hadal.server.http.HttpProblem;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.wire.JsonMembers;
import io.hadal.server.wire.OpenAiFields;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** What routing needs to know of a request's body. */
public final class RequestView {
  private static final List<String> PROMPTS =
      List.of("messages", "system", "tools", "prompt", "suffix", "input", "instructions");

  /** What a request refers to that the upstream has kept. */
  private static final List<String> STORED =
      List.of("previous_response_id", "conversation", "prompt");

  /** No model has a longer name; those that clients make up become names of accounts. */
  private static final int MOST_NAME = 256;

  /** Longer than any answer. */
  private static final long MOST_OUTPUT = 1 << 20;

  /** Tokens that an answer whose length nobody said, and that comes as a whole, usually has. */
  private static final long USUAL_OUTPUT = 4096;

  /** Longer than such an answer of models whose context nobody has set. */
  private static final long MOST_WHOLE = 1 << 17;

  private static final int MOST_CHOICES = 128;
  private static final int MOST_PROMPTS = 2048;
  private static final int MOST_IMAGES = 1000;

  private static final byte[][] IMAGES = {
    ascii("\"image_url\""), ascii("\"input_image\""), ascii("\"image\"")
  };
  private static final byte[][] PREFIXES = {ascii("\"prefix\":true"), ascii("\"prefix\": true")};

  private final byte[] body;
  private final JsonMembers members;
  private final Operation operation;
  private final String model;

  /** Counted when it is first asked for: prompts may be long. */
  private @Nullable PromptSize prompt;

  /** Looked for when they are first asked for. */
  private @Nullable Set<String> features;

  private RequestView(byte[] body, JsonMembers members, Operation operation, String model) {
    this.body = body;
    this.members = members;
    this.operation = operation;
    this.model = model;
  }

  /**
   * A view of a body; null when it is no object that names a model, which is for others to say.
   *
   * @throws Problem when it has a field twice, names a model that is too long, or asks for what
   *     cannot be counted
   */
  public static @Nullable RequestView of(byte[] body, Operation operation) {
    JsonMembers members = JsonMembers.of(body);
    String model = members == null ? null : members.text("model");
    if (members == null || model == null) {
      return null;
    }
    if (model.length() > MOST_NAME) {
      throw Problem.invalid("model", "must have at most " + MOST_NAME + " characters");
    }
    // What is checked and held for here must be what an upstream reads.
    String twice = members.repeated();
    if (twice != null) {
      throw HttpProblem.invalidJson("ambiguous: it has " + twice + " twice");
    }
    if (operation == Operation.RESPONSES && members.isTrue("background")) {
      // Nobody would see what it took: its answer comes by another request.
      throw Problem.unsupported("background", "must be false");
    }
    return new RequestView(body, members, operation, model);
  }

  public byte[] body() {
    return body;
  }

  public JsonMembers members() {
    return members;
  }

  public Operation operation() {
    return operation;
  }

  /** Name of the model as the client wrote it. */
  public String model() {
    return model;
  }

  public boolean stream() {
    return operation.generates() && members.isTrue("stream");
  }

  /** Whether the client wants usage at the end of its stream. */
  public boolean includesUsage() {
    JsonMembers options = members.object("stream_options");
    return options != null && options.isTrue("include_usage");
  }

  /**
   * Makes sure that what it takes can be counted: readers of other programs take {@code "n": 4.0},
   * {@code "stream": 1} and {@code "background": "true"} for what they look like.
   *
   * @throws Problem when a field that decides about it is not what it should be
   */
  public void requireCountable() {
    if (operation.generates()) {
      requireWord("stream", "true or false", "true", "false");
    }
    switch (operation) {
      case CHAT -> requireCount("n", MOST_CHOICES);
      case COMPLETIONS -> {
        requireCount("n", MOST_CHOICES);
        requireCount("best_of", MOST_CHOICES);
        if (prompts() > MOST_PROMPTS) {
          throw Problem.invalid("prompt", "must have at most " + MOST_PROMPTS + " prompts");
        }
      }
      case RESPONSES -> requireWord("background", "false", "false");
      case IMAGES -> {
        requireCount("n", MOST_IMAGES);
        requireWord("stream", "false", "false");
      }
      case MESSAGES, COUNT_TOKENS, COUNT_INPUT, EMBEDDINGS, VIDEOS -> {}
    }
  }

  private void requireWord(String name, String said, String... words) {
    if (members.has(name) && Arrays.stream(words).noneMatch(word -> members.is(name, word))) {
      throw Problem.invalid(name, "must be " + said);
    }
  }

  private void requireCount(String name, long most) {
    long count = members.has(name) ? members.number(name, -1) : 1;
    if (count < 0 || count > most) {
      throw Problem.invalid(name, "must be a whole number of at most " + most);
    }
  }

  /**
   * Most tokens of the answer; 0 when the client does not say. Of two fields an upstream may know
   * one only, and one of another dialect bounds nothing.
   */
  public long maxOutput() {
    return switch (operation) {
      case CHAT ->
          Math.max(members.number("max_completion_tokens", 0), members.number("max_tokens", 0));
      case RESPONSES -> members.number("max_output_tokens", 0);
      default -> members.number("max_tokens", 0);
    };
  }

  /**
   * Most tokens of all answers, for money to be held: where the client does not say, what the model
   * can have.
   *
   * @param context longest conversation; 0 when unknown
   */
  public long mostOutput(int context) {
    if (!operation.generates()) {
      return 0;
    }
    long said = maxOutput();
    long each = said > 0 ? said : context > 0 ? context : MOST_OUTPUT;
    return Math.min(each, MOST_OUTPUT) * choices();
  }

  /** Answers that are generated, of which clients may get the best only. */
  private long choices() {
    return switch (operation) {
      case CHAT -> count("n", MOST_CHOICES);
      case COMPLETIONS ->
          prompts() * Math.max(count("best_of", MOST_CHOICES), count("n", MOST_CHOICES));
      default -> 1;
    };
  }

  /** Prompts of a completion, each of which has an answer: texts, or lists of tokens. */
  private long prompts() {
    JsonMembers.Member member = members.find("prompt");
    if (member == null) {
      return 1;
    }
    List<int[]> elements =
        JsonMembers.elements(body, member.start(), member.end(), MOST_PROMPTS + 1);
    return elements != null
            && elements.stream().anyMatch(e -> body[e[0]] == '"' || body[e[0]] == '[')
        ? elements.size()
        : 1;
  }

  /**
   * What comes at once, so that the money for it has to be there from the beginning.
   *
   * @param context longest conversation; 0 when unknown
   */
  public Work.Ahead ahead(int context) {
    long bound = prompt().most();
    long most = context > 0 ? Math.min(bound, context) : bound;
    if (operation == Operation.IMAGES) {
      return new Work.Ahead(most, 0, 0, count("n", MOST_IMAGES), 0);
    }
    if (!operation.generates() || stream()) {
      return new Work.Ahead(most, 0, 0, 0, 0);
    }
    long choices = choices();
    if (maxOutput() > 0) {
      long said = Math.min(maxOutput(), MOST_OUTPUT) * choices;
      return new Work.Ahead(most, said, said, 0, 0);
    }
    long each = context > 0 ? Math.min(context, MOST_OUTPUT) : MOST_WHOLE;
    return new Work.Ahead(most, each * choices, Math.min(each, USUAL_OUTPUT) * choices, 0, 0);
  }

  private long count(String name, long most) {
    return Math.clamp(members.number(name, 1), 1, most);
  }

  /** About how many tokens the prompt has. */
  public long promptTokens() {
    return prompt().about();
  }

  private PromptSize prompt() {
    PromptSize known = prompt;
    if (known == null) {
      known = PromptSize.NONE;
      for (String name : PROMPTS) {
        JsonMembers.Member member = members.find(name);
        if (member != null) {
          boolean attachments = name.equals("messages") || name.equals("input");
          known = known.plus(PromptSize.of(body, member.start(), member.end(), attachments));
        }
      }
      if (operation == Operation.RESPONSES && STORED.stream().anyMatch(members::has)) {
        known = known.plus(PromptSize.UNSEEN);
      }
      prompt = known;
    }
    return known;
  }

  /** What a model must be able to do to answer; names of {@code UpstreamModel.FEATURES}. */
  public Set<String> features() {
    Set<String> known = features;
    if (known == null) {
      known = Collections.unmodifiableSet(readFeatures());
      features = known;
    }
    return known;
  }

  private Set<String> readFeatures() {
    Set<String> found = new HashSet<>();
    JsonMembers.Member tools = members.find("tools");
    if (tools != null && tools.end() - tools.start() > 4) {
      found.add("tools");
      if (contains(tools, "\"strict\":true") || contains(tools, "\"strict\": true")) {
        found.add("strict_tools");
      }
    }
    for (String name : List.of("response_format", "text", "output_config", "output_format")) {
      JsonMembers.Member format = members.find(name);
      if (format != null && contains(format, "\"json_schema\"")) {
        found.add("json_schema");
      } else if (format != null && contains(format, "\"json_object\"")) {
        found.add("json_object");
      }
    }
    if (operation == Operation.COMPLETIONS && members.has("suffix")) {
      found.add("fim");
    }
    if (members.isTrue("logprobs")) {
      found.add("logprobs");
    }
    JsonMembers.Member messages = members.find(members.has("messages") ? "messages" : "input");
    if (operation.generates() && messages != null) {
      addMarks(messages, found);
    }
    return found;
  }

  /**
   * The class in which a model of this process would serve it; null for what is not generated token
   * by token.
   *
   * @param background true when nobody waits for the answer
   */
  public @Nullable PriorityClass priority(boolean background) {
    if (!operation.generates()) {
      return null;
    }
    if (background) {
      return PriorityClass.SHADOW;
    }
    if (operation == Operation.COMPLETIONS) {
      return members.has("suffix") ? PriorityClass.FIM : PriorityClass.INTERACTIVE;
    }
    PriorityClass tier =
        operation == Operation.MESSAGES
            ? null
            : OpenAiFields.priority(members.text("service_tier"));
    if (tier != null) {
      return tier;
    }
    JsonMembers choice = members.object("tool_choice");
    String chosen = choice == null ? members.text("tool_choice") : choice.text("type");
    return features().contains("tools") && !"none".equals(chosen)
        ? PriorityClass.AGENT
        : PriorityClass.INTERACTIVE;
  }

  /** Looks once through the messages, which may be long. */
  private void addMarks(JsonMembers.Member messages, Set<String> found) {
    boolean chat = operation == Operation.CHAT;
    for (int i = messages.start(); i + 1 < messages.end(); i++) {
      if (body[i] != '"') {
        continue;
      }
      if (body[i + 1] == 'i' && any(IMAGES, i, messages.end())) {
        found.add("vision");
      } else if (chat && body[i + 1] == 'p' && any(PREFIXES, i, messages.end())) {
        found.add("prefix");
      }
    }
  }

  private boolean any(byte[][] texts, int at, int end) {
    for (byte[] text : texts) {
      if (end - at >= text.length && matches(at, text)) {
        return true;
      }
    }
    return false;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** Whether the answer is to go on from a text of the assistant. */
  public boolean hasPrefix() {
    return features().contains("prefix");
  }

  private boolean contains(JsonMembers.Member member, String text) {
    byte[] wanted = text.getBytes(StandardCharsets.US_ASCII);
    int last = member.end() - wanted.length;
    for (int i = member.start(); i <= last; i++) {
      if (body[i] == wanted[0] && matches(i, wanted)) {
        return true;
      }
    }
    return false;
  }

  private boolean matches(int at, byte[] wanted) {
    for (int i = 1; i < wanted.length; i++) {
      if (body[at + i] != wanted[i]) {
        return false;
      }
    }
    return true;
  }

  /** The object {@code provider} of the request; null when it has none. */
  public @Nullable JsonNode provider() {
    return members.has("provider") ? members.tree("provider") : null;
  }

  /** The same request for another model. */
  public RequestView withModel(String name) {
    byte[] changed = new BodyEdit(body, members).text("model", name).apply();
    RequestView view = of(changed, operation);
    if (view == null) {
      throw new IllegalStateException("an edit broke the body");
    }
    return view;
  }
}
