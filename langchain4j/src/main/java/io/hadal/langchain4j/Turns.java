package io.hadal.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.internal.JsonSchemaElementUtils;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import io.hadal.chat.AnswerFormat;
import io.hadal.chat.Efforts;
import io.hadal.chat.Hadal;
import io.hadal.chat.Ids;
import io.hadal.chat.Problem;
import io.hadal.chat.Reply;
import io.hadal.chat.Sampling;
import io.hadal.chat.ToolChoice;
import io.hadal.formats.Json;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.Role;
import io.hadal.formats.prompt.ToolCall;
import io.hadal.formats.prompt.ToolDefinition;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Requests and answers in both languages.
 *
 * @param parameters of requests that do not set them
 */
record Turns(
    Hadal hadal,
    ChatRequestParameters parameters,
    List<ChatModelListener> listeners,
    @Nullable Boolean thinking,
    @Nullable String effort,
    @Nullable Long seed) {

  /**
   * The request for the engine.
   *
   * @throws UnsupportedFeatureException for what this model does not take
   * @throws Problem for what cannot be used
   */
  io.hadal.chat.ChatRequest request(ChatRequest from) {
    String name = from.modelName();
    if (name != null && !hadal.model().answersTo(name)) {
      throw Problem.unknownModel(name);
    }
    List<Message> messages = new ArrayList<>();
    for (ChatMessage message : from.messages()) {
      messages.add(message(message));
    }
    List<ToolDefinition> tools = new ArrayList<>();
    Set<String> strict = new HashSet<>();
    for (ToolSpecification tool : list(from.toolSpecifications())) {
      tools.add(tool(tool));
      if (Boolean.TRUE.equals(tool.strict())) {
        strict.add(tool.name());
      }
    }
    String level = effort == null ? null : Efforts.level(effort, "effort");
    return new io.hadal.chat.ChatRequest()
        .messages(messages)
        .tools(tools)
        .strictTools(strict)
        .toolChoice(choice(from.toolChoice()))
        .format(format(from.responseFormat()))
        .sampling(sampling(from))
        .maxTokens(from.maxOutputTokens())
        .stops(list(from.stopSequences()))
        .thinking(thinking)
        .effort(level);
  }

  private static <T> List<T> list(@Nullable List<T> given) {
    return given == null ? List.of() : given;
  }

  private Sampling sampling(ChatRequest from) {
    return new Sampling(
        from.temperature(),
        from.topP(),
        from.topK(),
        null,
        null,
        from.presencePenalty(),
        from.frequencyPenalty(),
        seed,
        Map.of());
  }

  private static Message message(ChatMessage message) {
    return switch (message) {
      case SystemMessage system -> Message.system(system.text());
      case UserMessage user -> Message.user(text(user.contents()));
      case ToolExecutionResultMessage result ->
          Message.tool(String.valueOf(result.id()), text(result.contents()));
      case AiMessage answer -> answer(answer);
      default ->
          throw new UnsupportedFeatureException(
              "messages of type " + message.type() + " are not supported by Hadal");
    };
  }

  private static Message answer(AiMessage answer) {
    List<ToolCall> calls = new ArrayList<>();
    for (ToolExecutionRequest call : answer.toolExecutionRequests()) {
      String arguments = call.arguments();
      calls.add(
          ToolCall.of(
              call.id(), call.name(), arguments == null || arguments.isBlank() ? "{}" : arguments));
    }
    String text = answer.text();
    return Message.builder(Role.ASSISTANT)
        .text(text == null ? "" : text)
        .reasoning(answer.thinking())
        .toolCalls(calls)
        .build();
  }

  private static String text(List<Content> contents) {
    StringBuilder text = new StringBuilder();
    for (Content content : contents) {
      if (!(content instanceof TextContent piece)) {
        throw new UnsupportedFeatureException(
            content.type().name().toLowerCase(Locale.ROOT)
                + " contents are not supported by Hadal, which takes text");
      }
      text.append(text.isEmpty() ? "" : "\n\n").append(piece.text());
    }
    return text.toString();
  }

  private static ToolDefinition tool(ToolSpecification tool) {
    ObjectNode function = JsonNodeFactory.instance.objectNode().put("name", tool.name());
    if (tool.description() != null) {
      function.put("description", tool.description());
    }
    if (tool.parameters() == null) {
      function.putObject("parameters").put("type", "object").putObject("properties");
    } else {
      function.set("parameters", schema(tool.parameters()));
    }
    return new ToolDefinition(function);
  }

  private static JsonNode schema(JsonSchemaElement element) {
    if (element instanceof JsonRawSchema raw) {
      return Json.parse(raw.schema().getBytes(StandardCharsets.UTF_8), "schema");
    }
    return JsonMapper.shared().valueToTree(JsonSchemaElementUtils.toMap(element));
  }

  private static ToolChoice choice(dev.langchain4j.model.chat.request.@Nullable ToolChoice choice) {
    return switch (choice) {
      case null -> ToolChoice.AUTO;
      case AUTO -> ToolChoice.AUTO;
      case REQUIRED -> ToolChoice.REQUIRED;
      case NONE -> ToolChoice.NONE;
    };
  }

  private static AnswerFormat format(@Nullable ResponseFormat format) {
    if (format == null || format.type() == ResponseFormatType.TEXT) {
      return AnswerFormat.TEXT;
    }
    JsonSchema schema = format.jsonSchema();
    return schema == null
        ? AnswerFormat.JSON_OBJECT
        : new AnswerFormat.JsonSchema(schema(schema.rootElement()), false, "responseFormat");
  }

  /** The answer to a request. */
  ChatResponse response(ChatRequest request, Reply reply) {
    List<ToolExecutionRequest> calls = new ArrayList<>();
    for (ToolCall call : reply.toolCalls()) {
      calls.add(
          ToolExecutionRequest.builder()
              .id(call.id())
              .name(call.name())
              .arguments(call.arguments().stringValue())
              .build());
    }
    AiMessage.Builder message = AiMessage.builder().toolExecutionRequests(calls);
    if (!reply.text().isEmpty() || calls.isEmpty()) {
      message.text(reply.text());
    }
    if (!reply.reasoning().isEmpty()) {
      message.thinking(reply.reasoning());
    }
    String name = request.modelName();
    return ChatResponse.builder()
        .aiMessage(message.build())
        .id(Ids.next("hadal-"))
        .modelName(name == null ? hadal.model().profile().name() : name)
        .tokenUsage(
            new TokenUsage(reply.usage().input(), reply.usage().output(), reply.usage().total()))
        .finishReason(
            switch (reply.finish()) {
              case STOP, STOP_STRING -> FinishReason.STOP;
              case LENGTH, CONTEXT -> FinishReason.LENGTH;
              case TOOL_CALLS -> FinishReason.TOOL_EXECUTION;
              case CANCELLED -> FinishReason.OTHER;
            })
        .build();
  }
}
