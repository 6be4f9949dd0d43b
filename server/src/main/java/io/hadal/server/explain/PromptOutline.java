package io.hadal.server.explain;

import io.hadal.chat.ChatRequest;
import io.hadal.formats.Sha256;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.ToolDefinition;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * What a prompt consists of, without what it says: the length of each part, and a hash of it that
 * only this process can make.
 */
public final class PromptOutline {
  private static final int MOST_PARTS = 4096;

  /**
   * A part of a prompt.
   *
   * @param kind tools, system, user, assistant or tool
   * @param text hash of what it says, of tools in their order
   * @param reasoning hash of the reasoning; empty without
   * @param calls hash of the calls of tools; empty without, and of tools without their order
   * @param characters its length
   */
  record Part(String kind, String text, String reasoning, String calls, long characters) {}

  private final List<Part> parts;

  private PromptOutline(List<Part> parts) {
    this.parts = parts;
  }

  List<Part> parts() {
    return parts;
  }

  /**
   * The outline of a conversation.
   *
   * @param salt makes the hashes of this process differ from those of others
   */
  static PromptOutline of(ChatRequest request, byte[] salt) {
    List<Part> parts = new ArrayList<>();
    if (!request.tools().isEmpty()) {
      List<String> each = new ArrayList<>();
      long characters = 0;
      for (ToolDefinition tool : request.tools()) {
        String text = tool.function().toString();
        characters += text.length();
        each.add(hash(salt, text));
      }
      String inOrder = hash(salt, String.join(",", each));
      each.sort(null);
      parts.add(new Part("tools", inOrder, "", hash(salt, String.join(",", each)), characters));
    }
    for (Message message : request.messages()) {
      if (parts.size() == MOST_PARTS) {
        break;
      }
      parts.add(part(message, salt));
    }
    return new PromptOutline(List.copyOf(parts));
  }

  private static Part part(Message message, byte[] salt) {
    String text =
        message.blocks() == null
            ? Objects.requireNonNullElse(message.text(), "")
            : message.blocks().toString();
    String reasoning = Objects.requireNonNullElse(message.reasoning(), "");
    String calls = message.toolCalls().isEmpty() ? "" : message.toolCalls().toString();
    return new Part(
        message.role().name().toLowerCase(Locale.ROOT),
        hash(salt, text),
        reasoning.isEmpty() ? "" : hash(salt, reasoning),
        calls.isEmpty() ? "" : hash(salt, calls),
        (long) text.length() + reasoning.length() + calls.length());
  }

  /** What the turns of a conversation have in common when nobody names it: its first question. */
  String opening() {
    return parts.stream()
        .filter(part -> part.kind.equals("user"))
        .findFirst()
        .map(Part::text)
        .orElse("");
  }

  private static String hash(byte[] salt, String text) {
    MessageDigest digest = Sha256.digest();
    digest.update(salt);
    return HexFormat.of()
        .formatHex(Arrays.copyOf(digest.digest(text.getBytes(StandardCharsets.UTF_8)), 8));
  }
}
