package io.hadal.train.corpus;

/** Tokens around the name of a project and of a file, in the spelling of the V4 vocabulary. */
public final class DocumentMarkers {
  public static final String REPO_BEGIN = "<｜begin▁of▁repo▁name｜>";
  public static final String REPO_END = "<｜end▁of▁repo▁name｜>";
  public static final String NAME_BEGIN = "<｜begin▁of▁file▁name｜>";
  public static final String NAME_END = "<｜end▁of▁file▁name｜>";

  private DocumentMarkers() {}
}
