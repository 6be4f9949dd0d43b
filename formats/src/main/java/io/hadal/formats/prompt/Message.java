package io.hadal.formats.prompt;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One conversation message.
 *
 * @param text plain content, null if absent
 * @param blocks content in blocks, null if the content is plain; V4.1 prefers blocks when both are
 *     present, V4 prefers the text
 * @param reasoning the assistant's reasoning, null if absent
 * @param responseFormat JSON schema the reply must follow, null if free
 * @param task quick-instruction task (action, title, query, …), null for ordinary turns
 * @param toolCallId for tool messages, the call that is answered
 * @param withoutEos leaves an assistant message open so that generation continues it
 * @param mask training-loss mask of the data format; never rendered
 */
public record Message(
    Role role,
    @Nullable String text,
    @Nullable List<ContentBlock> blocks,
    @Nullable String reasoning,
    List<ToolCall> toolCalls,
    List<ToolDefinition> tools,
    @Nullable JsonNode responseFormat,
    @Nullable String task,
    @Nullable String toolCallId,
    boolean withoutEos,
    int mask) {

  public Message {
    blocks = blocks == null ? null : List.copyOf(blocks);
    toolCalls = List.copyOf(toolCalls);
    tools = List.copyOf(tools);
  }

  /** Starts a message of the given role. */
  public static Builder builder(Role role) {
    return new Builder(role);
  }

  public static Message system(String text) {
    return builder(Role.SYSTEM).text(text).build();
  }

  public static Message user(String text) {
    return builder(Role.USER).text(text).build();
  }

  public static Message assistant(String text) {
    return builder(Role.ASSISTANT).text(text).build();
  }

  public static Message tool(String toolCallId, String text) {
    return builder(Role.TOOL).toolCallId(toolCallId).text(text).build();
  }

  /** A builder holding this message's values. */
  public Builder toBuilder() {
    Builder b = new Builder(role);
    b.text = text;
    b.blocks = blocks;
    b.reasoning = reasoning;
    b.toolCalls = toolCalls;
    b.tools = tools;
    b.responseFormat = responseFormat;
    b.task = task;
    b.toolCallId = toolCallId;
    b.withoutEos = withoutEos;
    b.mask = mask;
    return b;
  }

  /** Collects the values of a message; everything but the role is optional. */
  public static final class Builder {
    private final Role role;
    private @Nullable String text;
    private @Nullable List<ContentBlock> blocks;
    private @Nullable String reasoning;
    private List<ToolCall> toolCalls = List.of();
    private List<ToolDefinition> tools = List.of();
    private @Nullable JsonNode responseFormat;
    private @Nullable String task;
    private @Nullable String toolCallId;
    private boolean withoutEos;
    private int mask;

    private Builder(Role role) {
      this.role = role;
    }

    public Builder text(@Nullable String value) {
      text = value;
      return this;
    }

    public Builder blocks(@Nullable List<ContentBlock> value) {
      blocks = value;
      return this;
    }

    public Builder reasoning(@Nullable String value) {
      reasoning = value;
      return this;
    }

    public Builder toolCalls(List<ToolCall> value) {
      toolCalls = value;
      return this;
    }

    public Builder tools(List<ToolDefinition> value) {
      tools = value;
      return this;
    }

    public Builder responseFormat(@Nullable JsonNode value) {
      responseFormat = value;
      return this;
    }

    public Builder task(@Nullable String value) {
      task = value;
      return this;
    }

    public Builder toolCallId(@Nullable String value) {
      toolCallId = value;
      return this;
    }

    public Builder withoutEos(boolean value) {
      withoutEos = value;
      return this;
    }

    public Builder mask(int value) {
      mask = value;
      return this;
    }

    public Message build() {
      return new Message(
          role,
          text,
          blocks,
          reasoning,
          toolCalls,
          tools,
          responseFormat,
          task,
          toolCallId,
          withoutEos,
          mask);
    }
  }
}
