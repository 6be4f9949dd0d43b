package io.hadal.spring;

import io.hadal.chat.AnswerFormat;
import io.hadal.chat.ChatRequest;
import io.hadal.chat.Problem;
import io.hadal.chat.Reply;
import io.hadal.chat.Sampling;
import io.hadal.chat.ServedModel;
import io.hadal.chat.ToolChoice;
import io.hadal.formats.Json;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.Role;
import io.hadal.formats.prompt.ToolCall;
import io.hadal.formats.prompt.ToolDefinition;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.ToolCallback;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Requests and answers in both languages. */
final class Turns {
  /** Where an assistant message has its reasoning. */
  static final String REASONING = "reasoningContent";

  private Turns() {}

  /**
   * The request for the engine.
   *
   * @throws Problem for what the model does not take
   */
  static ChatRequest request(ServedModel model, Prompt prompt, ChatOptions options) {
    String name = options.getModel();
    if (name != null && !model.answersTo(name)) {
      throw Problem.unknownModel(name);
    }
    List<Message> messages = new ArrayList<>();
    for (org.springframework.ai.chat.messages.Message message : prompt.getInstructions()) {
      add(message, messages);
    }
    List<String> stops = options.getStopSequences();
    ChatRequest request =
        new ChatRequest()
            .messages(messages)
            .maxTokens(options.getMaxTokens())
            .stops(stops == null ? List.of() : stops);
    Long seed = null;
    if (options instanceof ToolCallingChatOptions calling) {
      List<ToolCallback> tools = calling.getToolCallbacks();
      request.tools(tools == null ? List.of() : tools.stream().map(Turns::tool).toList());
    }
    if (options instanceof StructuredOutputChatOptions structured) {
      String schema = structured.getOutputSchema();
      if (schema != null) {
        request.format(new AnswerFormat.JsonSchema(json(schema), false, "outputSchema"));
      }
    }
    if (options instanceof HadalChatOptions own) {
      request.thinking(own.getThinking());
      request.toolChoice(
          Boolean.TRUE.equals(own.getToolRequired()) ? ToolChoice.REQUIRED : ToolChoice.AUTO);
      seed = own.getSeed();
    }
    return request.sampling(
        new Sampling(
            options.getTemperature(),
            options.getTopP(),
            options.getTopK(),
            null,
            null,
            options.getPresencePenalty(),
            options.getFrequencyPenalty(),
            seed,
            Map.of()));
  }

  private static void add(
      org.springframework.ai.chat.messages.Message message, List<Message> messages) {
    switch (message) {
      case UserMessage user -> {
        if (!user.getMedia().isEmpty()) {
          throw Problem.unsupported("messages", "must be text: this model takes no media");
        }
        messages.add(Message.user(text(user)));
      }
      case AssistantMessage answer -> {
        List<ToolCall> calls = new ArrayList<>();
        for (AssistantMessage.ToolCall call : answer.getToolCalls()) {
          calls.add(ToolCall.of(call.id(), call.name(), call.arguments()));
        }
        messages.add(
            Message.builder(Role.ASSISTANT)
                .text(text(answer))
                .reasoning(answer.getMetadata().get(REASONING) instanceof String r ? r : null)
                .toolCalls(calls)
                .build());
      }
      case ToolResponseMessage results -> {
        for (ToolResponseMessage.ToolResponse result : results.getResponses()) {
          messages.add(Message.tool(result.id(), result.responseData()));
        }
      }
      default -> messages.add(Message.system(text(message)));
    }
  }

  private static String text(org.springframework.ai.chat.messages.Message message) {
    String text = message.getText();
    return text == null ? "" : text;
  }

  private static ToolDefinition tool(ToolCallback callback) {
    org.springframework.ai.tool.definition.ToolDefinition tool = callback.getToolDefinition();
    ObjectNode function =
        JsonNodeFactory.instance
            .objectNode()
            .put("name", tool.name())
            .put("description", tool.description());
    function.set("parameters", json(tool.inputSchema()));
    return new ToolDefinition(function);
  }

  private static JsonNode json(String text) {
    return Json.parse(text.getBytes(StandardCharsets.UTF_8), "schema");
  }

  /** A piece of an answer's text. */
  static ChatResponse piece(String text) {
    return new ChatResponse(List.of(new Generation(new AssistantMessage(text))));
  }

  /**
   * The answer, or what of it comes behind the pieces of its text.
   *
   * @param text text to give; null for that of the answer
   */
  static ChatResponse response(ServedModel model, Reply reply, @Nullable String text) {
    List<AssistantMessage.ToolCall> calls = new ArrayList<>();
    for (ToolCall call : reply.toolCalls()) {
      calls.add(
          new AssistantMessage.ToolCall(
              String.valueOf(call.id()), "function", call.name(), call.arguments().stringValue()));
    }
    AssistantMessage message =
        AssistantMessage.builder()
            .content(text == null ? reply.text() : text)
            .toolCalls(calls)
            .properties(
                reply.reasoning().isEmpty() ? Map.of() : Map.of(REASONING, reply.reasoning()))
            .build();
    String finish =
        switch (reply.finish()) {
          case STOP, STOP_STRING -> "STOP";
          case LENGTH, CONTEXT -> "LENGTH";
          case TOOL_CALLS -> "TOOL_CALLS";
          case CANCELLED -> "CANCELLED";
        };
    return new ChatResponse(
        List.of(
            new Generation(message, ChatGenerationMetadata.builder().finishReason(finish).build())),
        ChatResponseMetadata.builder()
            .model(model.profile().name())
            .usage(
                new DefaultUsage(
                    reply.usage().input(), reply.usage().output(), reply.usage().total()))
            .build());
  }
}
