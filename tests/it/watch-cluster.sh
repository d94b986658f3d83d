# Ends the tests' shared PostgreSQL once nobody has used it for half a minute; $1 is its folder.
# The tests hold a shared lock on users.lock. The lock files stay: somebody may be waiting for one.
cd "$1" || exit
exec 9>>watcher.lock
flock -n 9 || exit 0
idle=0
while sleep 2 9>&-; do
    exec 7>>start.lock 8>>users.lock
    if flock -n 7 && flock -n 8; then idle=$((idle + 1)); else idle=0; fi
    if [ "$idle" -ge 15 ]; then
        pid=$(head -n 1 data/postmaster.pid 2>/dev/null)
        if [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "$PWD/data" ]; then
            kill -INT "$pid"
            while [ -e data/postmaster.pid ] && kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
        fi
        rm -rf data data.new socket log
        exec 9>&- # before the others: whoever starts the cluster next must find no watcher
        exit 0
    fi
    exec 7>&- 8>&-
done
