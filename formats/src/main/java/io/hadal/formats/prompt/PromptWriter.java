package io.hadal.formats.prompt;

import java.util.ArrayList;
import java.util.List;

/** Collects prompt text, joining neighbours of equal trust. */
final class PromptWriter {
  private final List<PromptSegment> segments = new ArrayList<>();
  private final List<ContentBlock.Image> images = new ArrayList<>();
  private final StringBuilder run = new StringBuilder();
  private boolean trusted = true;

  /** Appends the encoder's own markup. */
  PromptWriter markup(CharSequence text) {
    return append(text, true);
  }

  /** Appends text that came from outside. */
  PromptWriter text(CharSequence text) {
    return append(text, false);
  }

  PromptWriter image(String placeholder, ContentBlock.Image image) {
    images.add(image);
    return append(placeholder, true);
  }

  EncodedPrompt finish() {
    endRun();
    return new EncodedPrompt(segments, images);
  }

  private PromptWriter append(CharSequence text, boolean trust) {
    if (!text.isEmpty()) {
      if (trust != trusted) {
        endRun();
        trusted = trust;
      }
      run.append(text);
    }
    return this;
  }

  private void endRun() {
    if (!run.isEmpty()) {
      segments.add(new PromptSegment(run.toString(), trusted));
      run.setLength(0);
    }
  }
}
