#!/bin/sh
# Runs workerd so that it ends with the process that started it, even when that one is killed: a left-over workerd would
# hold the Worker's port. The next start ends the ones that are listed here, should this one have been killed as well.
{ true >"$CHARTPROOF_WORKERD_IDS/$$"; } 2>/dev/null
{
  # File descriptor 3 is the control pipe to that process; it ends when its other side is gone.
  cat <&3 >/dev/null
  # Only workerd is ended: it may be long gone, and its number another's.
  case "$(tr '\0' ' ' <"/proc/$$/cmdline" 2>/dev/null || ps -o args= -p $$)" in
    *workerd*) kill -9 $$ ;;
  esac
} <&- >/dev/null 2>&1 &
exec "$CHARTPROOF_WORKERD" "$@"
