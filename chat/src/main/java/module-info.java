/** Conversations in process: turns with tools, reasoning and formats over one engine. */
module io.hadal.chat {
  requires transitive io.hadal.engine;
  requires static transitive org.jspecify;

  exports io.hadal.chat;
}
