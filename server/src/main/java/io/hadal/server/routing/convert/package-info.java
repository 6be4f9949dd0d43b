/** Requests and answers in the other of two dialects: Chat Completions and Messages. */
@NullMarked
package io.hadal.server.routing.convert;

import org.jspecify.annotations.NullMarked;
