package io.hadal.formats.prompt;

/**
 * Who speaks. Any name can be held because unknown roles are part of the reference behaviour: they
 * vanish before the last user turn when reasoning is dropped, and are an error elsewhere.
 */
public record Role(String name) {
  public static final Role SYSTEM = new Role("system");
  public static final Role DEVELOPER = new Role("developer");
  public static final Role USER = new Role("user");
  public static final Role ASSISTANT = new Role("assistant");
  public static final Role TOOL = new Role("tool");
  public static final Role LATEST_REMINDER = new Role("latest_reminder");
  public static final Role DIRECT_SEARCH_RESULTS = new Role("direct_search_results");
}
