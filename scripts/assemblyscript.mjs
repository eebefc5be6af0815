// The compiler's own types declare a `console` for the whole program; these few words stand in their place (assemblyscript.d.mts).
export { main } from 'assemblyscript/asc';
