package io.hadal.server.connect;

import java.util.List;

/**
 * What makes a client use a server.
 *
 * @param edits files to write
 * @param start how the client is started then, a line each
 */
public record Setup(List<FileEdit> edits, List<String> start) {
  public Setup {
    edits = List.copyOf(edits);
    start = List.copyOf(start);
  }
}
