package io.hadal.formats.prompt;

import java.util.List;

/**
 * A rendered prompt.
 *
 * @param segments the text in order, neighbours differ in trust
 * @param images one image per placeholder, in prompt order
 */
public record EncodedPrompt(List<PromptSegment> segments, List<ContentBlock.Image> images) {
  public EncodedPrompt {
    segments = List.copyOf(segments);
    images = List.copyOf(images);
  }

  /** The whole prompt as one string. */
  public String text() {
    StringBuilder text = new StringBuilder();
    segments.forEach(s -> text.append(s.text()));
    return text.toString();
  }
}
