package io.hadal.platform.alert;

import tools.jackson.databind.node.ObjectNode;

/**
 * Something to tell.
 *
 * @param id tells it from others
 * @param subject a line of plain words
 * @param text more plain words, in lines
 * @param json the same for programs; {@code type} and {@code id} are among its members
 */
public record Alert(AlertRule rule, String id, String subject, String text, ObjectNode json) {
  /** Longest line of plain words. */
  private static final int MOST_SUBJECT = 200;

  public Alert {
    subject = line(subject);
  }

  /**
   * Text of others as part of a line: without control characters, which would begin another line or
   * header, and without those that change the direction of what follows.
   */
  public static String line(String text) {
    String clean =
        text.replaceAll(
            "[\\p{Cntrl}\\u0080-\\u009f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]", " ");
    return clean.length() <= MOST_SUBJECT ? clean : clean.substring(0, MOST_SUBJECT) + "...";
  }
}
