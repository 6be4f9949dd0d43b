package io.hadal.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import picocli.CommandLine;

/** What one in-process run of the command printed and returned. */
record Invocation(int exitCode, String out, String err) {
  static Invocation hadal(String... args) {
    return run(Hadal.commandLine(Map.of()), args);
  }

  static Invocation run(CommandLine commandLine, String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    commandLine.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    int exitCode = Hadal.run(commandLine, args);
    return new Invocation(exitCode, out.toString(), err.toString());
  }
}
