package io.hadal.formats.prompt;

import static io.hadal.formats.prompt.SpecialTokens.ASSISTANT;
import static io.hadal.formats.prompt.SpecialTokens.BOS;
import static io.hadal.formats.prompt.SpecialTokens.EOS;
import static io.hadal.formats.prompt.SpecialTokens.LATEST_REMINDER;
import static io.hadal.formats.prompt.SpecialTokens.THINK;
import static io.hadal.formats.prompt.SpecialTokens.THINK_END;
import static io.hadal.formats.prompt.SpecialTokens.USER;

import io.hadal.formats.FormatException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Renders conversations as prompts (deepseek-v4.md 9.3, deepseek-v4.1.md 8). Immutable and safe for
 * concurrent use.
 */
public final class PromptEncoder {
  private static final String RESPONSE_FORMAT =
      "\n\n## Response Format:\n\nYou MUST strictly adhere to the following schema to reply:\n";

  private final PromptDialect dialect;
  private final ToolCallWriter tools;

  public PromptEncoder(PromptDialect dialect) {
    this.dialect = dialect;
    this.tools = new ToolCallWriter(dialect);
  }

  /** The prompt as one string; see {@link #encode} for the form that is safe to tokenise. */
  public String render(List<Message> messages, RenderOptions options) {
    return encode(messages, options).text();
  }

  /** The prompt split into trusted markup and untrusted text. */
  public List<PromptSegment> segments(List<Message> messages, RenderOptions options) {
    return encode(messages, options).segments();
  }

  /**
   * The prompt with its images.
   *
   * @throws FormatException when the dialect cannot express a message
   */
  public EncodedPrompt encode(List<Message> messages, RenderOptions options) {
    String effort = dialect.effort().text(options.effort());
    refusePlaceholders(options.context());
    refusePlaceholders(messages);
    Conversation talk = Conversation.prepare(dialect, messages, options);
    PromptWriter out = new PromptWriter();
    if (options.addBos() && options.context().isEmpty()) {
      out.markup(BOS);
    }
    boolean thinking = options.mode() == ThinkingMode.THINKING;
    for (int i = talk.firstRendered(); i < talk.messages().size(); i++) {
      if (i == 0) {
        opening(talk.messages().getFirst(), thinking, effort, out);
      }
      message(talk, i, thinking, out);
      transition(talk, i, thinking, out);
    }
    return out.finish();
  }

  private void opening(Message first, boolean thinking, String effort, PromptWriter out) {
    String systemToken = dialect.systemToken();
    if (systemToken != null && (thinking || first.role().equals(Role.SYSTEM))) {
      out.markup(systemToken);
    }
    if (thinking) {
      out.markup(effort);
    }
  }

  private void message(Conversation talk, int index, boolean thinking, PromptWriter out) {
    Message message = talk.messages().get(index);
    Role role = message.role();
    if (role.equals(Role.SYSTEM)) {
      String systemToken = dialect.systemToken();
      if (systemToken != null && index > 0) {
        out.markup(systemToken);
      }
      instructions(message, out);
    } else if (role.equals(Role.DEVELOPER) && dialect.rules().developerRole()) {
      if (isEmpty(message)) {
        throw broken(message, index, "has no content");
      }
      out.markup(USER);
      instructions(message, out);
    } else if (role.equals(Role.USER)) {
      out.markup(USER);
      blocks(message.blocks(), out);
    } else if (role.equals(Role.LATEST_REMINDER)) {
      if (message.text() == null && message.blocks() == null) {
        throw broken(message, index, "has no content");
      }
      out.markup(LATEST_REMINDER);
      plainContent(message, out);
    } else if (role.equals(Role.ASSISTANT)) {
      assistant(talk, index, thinking, out);
    } else {
      throw broken(message, index, "has a role this model's prompt format does not know");
    }
  }

  private void instructions(Message message, PromptWriter out) {
    plainContent(message, out);
    if (!message.tools().isEmpty()) {
      tools.toolsSection(message.tools(), out);
    }
    JsonNode format = message.responseFormat();
    if (format != null && !(format.isContainer() && format.isEmpty())) {
      out.markup(RESPONSE_FORMAT).text(PythonJson.render(format));
    }
  }

  private void assistant(Conversation talk, int index, boolean thinking, PromptWriter out) {
    Message message = talk.messages().get(index);
    boolean afterTask = index > 0 && talk.messages().get(index - 1).task() != null;
    if (thinking && !afterTask && (!talk.dropping() || index > talk.lastUser())) {
      out.text(message.reasoning() == null ? "" : message.reasoning()).markup(THINK_END);
    }
    plainContent(message, out);
    if (!message.toolCalls().isEmpty()) {
      tools.calls(message.toolCalls(), out);
    }
    if (!message.withoutEos()) {
      out.markup(EOS);
    }
  }

  private void transition(Conversation talk, int index, boolean thinking, PromptWriter out) {
    List<Message> messages = talk.messages();
    if (index + 1 < messages.size()) {
      Role next = messages.get(index + 1).role();
      if (!next.equals(Role.ASSISTANT) && !next.equals(Role.LATEST_REMINDER)) {
        return;
      }
    }
    Message message = messages.get(index);
    String task = message.task();
    if (task != null) {
      String token = PromptDialect.taskToken(task);
      if (token == null) {
        throw broken(message, index, "has the unknown task '" + task + "'");
      }
      if (task.equals("action")) {
        out.markup(ASSISTANT).markup(thinking ? THINK : THINK_END);
      }
      out.markup(token);
    } else if (dialect.userLike(message.role(), index)) {
      boolean thinks = thinking && (!talk.dropping() || index >= talk.lastUser());
      out.markup(ASSISTANT).markup(thinks ? THINK : THINK_END);
    }
  }

  private void blocks(@Nullable List<ContentBlock> blocks, PromptWriter out) {
    String separator = "";
    for (ContentBlock block : blocks == null ? List.<ContentBlock>of() : blocks) {
      out.markup(separator);
      block(block, out);
      separator = "\n\n";
    }
  }

  private void block(ContentBlock block, PromptWriter out) {
    String placeholder = dialect.imagePlaceholder();
    switch (block) {
      case ContentBlock.Text text -> out.text(text.text());
      case ContentBlock.Image image when placeholder != null -> out.image(placeholder, image);
      case ContentBlock.ToolResult result -> {
        out.markup("<tool_result>");
        if (result.parts().isEmpty()) {
          // The reference prints Python's spelling of a null here.
          out.text(result.text() == null ? "None" : result.text());
        } else {
          blocks(result.parts(), out);
        }
        out.markup("</tool_result>");
      }
      default -> out.text("[Unsupported " + block.type() + "]");
    }
  }

  /** Content of roles that know only text: blocks of other types vanish. */
  private void plainContent(Message message, PromptWriter out) {
    List<ContentBlock> blocks = message.blocks();
    if (blocks == null) {
      out.text(message.text() == null ? "" : message.text());
    } else {
      blocks(blocks.stream().filter(Conversation::isTextOrImage).toList(), out);
    }
  }

  private static boolean isEmpty(Message message) {
    return message.blocks() == null
        ? message.text() == null || message.text().isEmpty()
        : message.blocks().isEmpty();
  }

  /** A placeholder written by hand would stand for an image that does not exist. */
  private void refusePlaceholders(List<Message> messages) {
    String placeholder = dialect.imagePlaceholder();
    if (placeholder == null) {
      return;
    }
    for (int i = 0; i < messages.size(); i++) {
      Message message = messages.get(i);
      if (contains(message.text(), placeholder)
          || contains(message.reasoning(), placeholder)
          || contains(message.blocks(), placeholder)) {
        throw broken(message, i, "contains " + placeholder + ", which is reserved: remove it");
      }
    }
  }

  private static boolean contains(@Nullable String text, String placeholder) {
    return text != null && text.contains(placeholder);
  }

  private static boolean contains(@Nullable List<ContentBlock> blocks, String placeholder) {
    for (ContentBlock block : blocks == null ? List.<ContentBlock>of() : blocks) {
      if (block instanceof ContentBlock.Text text && text.text().contains(placeholder)) {
        return true;
      }
      if (block instanceof ContentBlock.ToolResult result
          && (contains(result.text(), placeholder) || contains(result.parts(), placeholder))) {
        return true;
      }
    }
    return false;
  }

  private static FormatException broken(Message message, int index, String problem) {
    return new FormatException(
        "prompt", "message " + index + " (" + message.role().name() + ") " + problem);
  }
}
