package io.hadal.chat;

import io.hadal.engine.serving.PrefixLimits;
import io.hadal.engine.serving.PriorityClass;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.ToolDefinition;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A turn of a conversation that a client asks for, in no dialect. */
public final class ChatRequest {
  private List<Message> messages = List.of();
  private List<ToolDefinition> tools = List.of();
  private ToolChoice toolChoice = ToolChoice.AUTO;
  private boolean parallelCalls = true;
  private @Nullable Boolean thinking;
  private @Nullable String effort;
  private int thinkingBudget;
  private AnswerFormat format = AnswerFormat.TEXT;
  private Sampling sampling = Sampling.DEFAULT;
  private int maxTokens;
  private boolean clampMaxTokens;
  private List<String> stops = List.of();
  private int choices = 1;
  private int topLogprobs = -1;
  private Set<String> strictTools = Set.of();
  private @Nullable PriorityClass priority;
  private Client client = Client.ANYONE;

  /**
   * Whose request this is.
   *
   * @param tenant shares the engine with other tenants in equal parts
   * @param cacheKey prompts are shared among requests of this key only
   * @param kept false when nothing of the request may outlive it, its prompt's state included
   * @param background true for copies and probes that nobody waits for, so that all others come
   *     first
   * @param prefixLimits what the tenant may retain of its prompts; null for no bounds of its own
   */
  public record Client(
      String tenant,
      String cacheKey,
      boolean kept,
      boolean background,
      @Nullable PrefixLimits prefixLimits) {
    static final Client ANYONE = new Client("", "");

    /** A client whose prompts are kept for its next requests. */
    public Client(String tenant, String cacheKey) {
      this(tenant, cacheKey, true);
    }

    /** A client that waits for its answers. */
    public Client(String tenant, String cacheKey, boolean kept) {
      this(tenant, cacheKey, kept, false);
    }

    /** A client without bounds of its own. */
    public Client(String tenant, String cacheKey, boolean kept, boolean background) {
      this(tenant, cacheKey, kept, background, null);
    }

    /** The same for one of several who share a key; they share no prompts. */
    public Client within(String user) {
      return new Client(tenant, cacheKey + "/" + user, kept, background, prefixLimits);
    }
  }

  /** An independent copy. */
  public ChatRequest copy() {
    return new ChatRequest()
        .messages(messages)
        .tools(tools)
        .toolChoice(toolChoice)
        .parallelCalls(parallelCalls)
        .thinking(thinking)
        .effort(effort)
        .thinkingBudget(thinkingBudget)
        .format(format)
        .sampling(sampling)
        .maxTokens(maxTokens)
        .clampMaxTokens(clampMaxTokens)
        .stops(stops)
        .choices(choices)
        .topLogprobs(topLogprobs)
        .strictTools(strictTools)
        .priority(priority)
        .client(client);
  }

  public List<Message> messages() {
    return messages;
  }

  public ChatRequest messages(List<Message> value) {
    messages = List.copyOf(value);
    return this;
  }

  public List<ToolDefinition> tools() {
    return tools;
  }

  public ChatRequest tools(List<ToolDefinition> value) {
    tools = List.copyOf(value);
    return this;
  }

  public ToolChoice toolChoice() {
    return toolChoice;
  }

  public ChatRequest toolChoice(ToolChoice value) {
    toolChoice = value;
    return this;
  }

  /** False to end an answer behind its first call. */
  public boolean parallelCalls() {
    return parallelCalls;
  }

  public ChatRequest parallelCalls(boolean value) {
    parallelCalls = value;
    return this;
  }

  /** Whether to reason; null for what the model does by itself. */
  public @Nullable Boolean thinking() {
    return thinking;
  }

  public ChatRequest thinking(@Nullable Boolean value) {
    thinking = value;
    return this;
  }

  /** Name of the effort; null for the model's own. */
  public @Nullable String effort() {
    return effort;
  }

  public ChatRequest effort(@Nullable String value) {
    effort = value;
    return this;
  }

  /** Most tokens of reasoning, 0 for no limit of its own. */
  public int thinkingBudget() {
    return thinkingBudget;
  }

  public ChatRequest thinkingBudget(int value) {
    thinkingBudget = value;
    return this;
  }

  public AnswerFormat format() {
    return format;
  }

  public ChatRequest format(AnswerFormat value) {
    format = value;
    return this;
  }

  public Sampling sampling() {
    return sampling;
  }

  public ChatRequest sampling(Sampling value) {
    sampling = value;
    return this;
  }

  /** Most tokens of an answer, if the client says so. */
  public Optional<Integer> maxTokens() {
    return maxTokens == 0 ? Optional.empty() : Optional.of(maxTokens);
  }

  public ChatRequest maxTokens(@Nullable Integer value) {
    maxTokens = value == null ? 0 : value;
    return this;
  }

  /** True to take a limit beyond the model's as the model's, false to refuse it. */
  public boolean clampMaxTokens() {
    return clampMaxTokens;
  }

  public ChatRequest clampMaxTokens(boolean value) {
    clampMaxTokens = value;
    return this;
  }

  public List<String> stops() {
    return stops;
  }

  public ChatRequest stops(List<String> value) {
    stops = List.copyOf(value);
    return this;
  }

  public int choices() {
    return choices;
  }

  public ChatRequest choices(int value) {
    choices = value;
    return this;
  }

  /** Likely tokens to report with each token; -1 for no probabilities. */
  public int topLogprobs() {
    return topLogprobs;
  }

  public ChatRequest topLogprobs(int value) {
    topLogprobs = value;
    return this;
  }

  /** Names of tools whose calls must follow their schemas. */
  public Set<String> strictTools() {
    return strictTools;
  }

  public ChatRequest strictTools(Set<String> value) {
    strictTools = Set.copyOf(value);
    return this;
  }

  /** Class of the request; null for that of its kind. */
  public @Nullable PriorityClass priority() {
    return priority;
  }

  public ChatRequest priority(@Nullable PriorityClass value) {
    priority = value;
    return this;
  }

  public Client client() {
    return client;
  }

  public ChatRequest client(Client value) {
    client = value;
    return this;
  }
}
