package io.hadal.cli.explain;

import java.io.IOException;

/** A form of output; begins with the header given to it, then takes tokens in order. */
public interface TraceWriter {

  void token(TokenTrace token) throws IOException;

  /** Completes the output. */
  void end() throws IOException;
}
